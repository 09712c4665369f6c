// A closed loop of HTTP clients: each connection sends its next request when the last one is answered.
import { Pool } from 'undici';

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

/**
 * Every answer must be a 2xx; anything else stops the run. Undici's client takes a third of the time that `node:http`'s does, and whatever
 * the client takes, the measured platform lacks: both share the machine.
 */
export async function closedLoop({ url, connections, body, headers }: LoopOptions): Promise<LoopResult> {
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const answers: string[] = [];
  const latenciesMs: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let text = body(next++); text !== null; text = body(next++)) {
      const startedAt = performance.now();
      answers.push(
        await post(pool, { path: pathname + search, text, headers: { ...headers, 'x-request-number': String(next) } }),
      );
      latenciesMs.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  try {
    await Promise.all(Array.from({ length: connections }, client));
    return { answers, latenciesMs, wallMs: performance.now() - startedAt };
  } finally {
    await pool.destroy();
  }
}

interface Post {
  readonly path: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** By the client's lowest interface: a stream and a promise for each answer would take as much again. */
function post(pool: Pool, { path, text, headers }: Post): Promise<string> {
  const sent = { ...headers, 'content-type': 'application/json' };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let status = 0;
  pool.dispatch(
    { path, method: 'POST', headers: sent, body: text },
    {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        const answer = Buffer.concat(chunks).toString();
        if (status < 300) resolve(answer);
        else reject(new Error(`${status}: ${answer.slice(0, 300)}`));
      },
      onResponseError(_controller, error) {
        reject(error);
      },
    },
  );
  return promise;
}
