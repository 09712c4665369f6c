// A closed loop of HTTP clients: each connection sends its next request when the last one is answered.
import { Agent, request } from 'node:http';

export interface LoopOptions {
  readonly url: string;
  readonly connections: number;
  /** Body of request number n; null ends the loop. */
  readonly body: (n: number) => string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LoopResult {
  readonly answers: string[];
  readonly latenciesMs: number[];
  readonly wallMs: number;
}

/** Every answer must be a 2xx; anything else stops the run. */
export async function closedLoop({ url, connections, body, headers }: LoopOptions): Promise<LoopResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answers: string[] = [];
  const latenciesMs: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let text = body(next++); text !== null; text = body(next++)) {
      const startedAt = performance.now();
      answers.push(await post({ url, agent, text, headers: { ...headers, 'x-request-number': String(next) } }));
      latenciesMs.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, client));
  const wallMs = performance.now() - startedAt;
  agent.destroy();
  return { answers, latenciesMs, wallMs };
}

function post({
  url,
  agent,
  text,
  headers,
}: {
  url: string;
  agent: Agent;
  text: string;
  headers: Readonly<Record<string, string>>;
}): Promise<string> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': Buffer.byteLength(text), 'content-type': 'application/json' };
    const sent = request(url, { method: 'POST', agent, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString();
        if ((response.statusCode ?? 500) >= 300) reject(new Error(`${response.statusCode}: ${answer.slice(0, 300)}`));
        else resolve(answer);
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}
