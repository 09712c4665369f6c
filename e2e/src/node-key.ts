// What can be said to the platform with the key of a server's agent, beside the agent itself.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fact, inboxPrefix, LOG_HEADER_OFFSET, subjects, systemPrincipal } from '@baton/contracts';
import { connect, headers, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';

interface Credentials {
  readonly nodeId: string;
  readonly natsUrl: string;
  readonly seed: string;
}

export class NodeKey {
  readonly nodeId: string;
  readonly #connection: NatsConnection;

  private constructor(nodeId: string, connection: NatsConnection) {
    this.nodeId = nodeId;
    this.#connection = connection;
  }

  /** The one in the folder of an agent that has joined. */
  static async of(folder: string): Promise<NodeKey> {
    const text = readFileSync(join(folder, 'agent', 'credentials.json'), 'utf8');
    const { nodeId, natsUrl, seed } = JSON.parse(text) as Credentials;
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
    const options = { servers: natsUrl, authenticator, inboxPrefix: inboxPrefix('agent', nodeId) };
    return new NodeKey(nodeId, await connect(options));
  }

  /** Resolves when the stream has it; rejects where this key may not write. */
  async chunk(jobId: string, attempt: number, chunk: { text: string; offset: number; node?: string }): Promise<void> {
    const head = headers();
    head.set(LOG_HEADER_OFFSET, String(chunk.offset));
    const subject = subjects.log(chunk.node ?? this.nodeId, jobId, attempt, 'stdout');
    await this.#connection.request(subject, chunk.text, { headers: head, timeout: 5_000 });
  }

  /** As `chunk`. */
  async points(jobId: string, attempt: number, points: readonly object[]): Promise<void> {
    const subject = subjects.metric(this.nodeId, jobId, attempt);
    await this.#connection.request(subject, JSON.stringify(points), { timeout: 5_000 });
  }

  /** Resolves when the scheduler has taken them. */
  async tell(facts: readonly Fact[]): Promise<void> {
    const context = { principal: systemPrincipal(`agent:${this.nodeId}`), meta: { requestId: randomUUID() } };
    const payload = JSON.stringify({ ...context, body: { facts } });
    await this.#connection.request(subjects.agentRpc(this.nodeId, 'facts'), payload, { timeout: 5_000 });
  }

  /** How many messages the stream has of an attempt on this node. */
  async stored(stream: 'LOGS' | 'METRICS', jobId: string, attempt: number): Promise<number> {
    const subject = `${stream === 'LOGS' ? 'log' : 'metric'}.${this.nodeId}.${jobId}.${attempt}`;
    const filter = JSON.stringify({ subjects_filter: stream === 'LOGS' ? `${subject}.*` : subject });
    const reply = await this.#connection.request(`$JS.API.STREAM.INFO.${stream}`, filter, { timeout: 5_000 });
    const { state } = reply.json<{ state: { subjects?: Record<string, number> } }>();
    return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
