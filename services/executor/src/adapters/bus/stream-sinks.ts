// Publishes output and metrics to their JetStream streams; a publish counts only with the stream's acknowledgement.
import { LOG_HEADER_AT, LOG_HEADER_OFFSET, type MetricPoint, subjects } from '@baton/contracts';
import type { Bus } from '@baton/messaging';
import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import type { LogChunk, Sinks } from '../../app/ports.ts';
import { type AttemptKey, attemptName } from '../../domain/journal.ts';
import { PassedMemory } from './passed-memory.ts';

const ACK_TIMEOUT_MS = 5_000;

export interface StreamSinkOptions {
  readonly nodeId: string;
  /** Throws while there is no connection. */
  readonly bus: () => Bus;
}

export class StreamSinks implements Sinks {
  readonly #options: StreamSinkOptions;
  readonly #memory = new PassedMemory();
  #client: { readonly bus: Bus; readonly stream: JetStreamClient } | null = null;

  constructor(options: StreamSinkOptions) {
    this.#options = options;
  }

  async publishLog(key: AttemptKey, { output, offset, bytes }: LogChunk): Promise<void> {
    const subject = subjects.log(this.#options.nodeId, key.jobId, key.attempt, output);
    const head = headers();
    head.set(LOG_HEADER_OFFSET, String(offset));
    head.set(LOG_HEADER_AT, String(Date.now()));
    // Without an id by which the server would drop repeats: after a failure the chunks behind it must come again, in order.
    await this.#stream().publish(subject, bytes, { headers: head, timeout: ACK_TIMEOUT_MS });
    this.#memory.passed(bytes.length);
  }

  async publishMetrics(key: AttemptKey, points: readonly MetricPoint[]): Promise<void> {
    const { nodeId } = this.#options;
    const subject = subjects.metric(nodeId, key.jobId, key.attempt);
    // The server looks for repeats in all of the stream: each rank of an attempt has points with the same numbers.
    const msgID = `${nodeId}.${attemptName(key)}.metrics.${points[0]?.seq}+${points.length}`;
    await this.#stream().publish(subject, JSON.stringify(points), { msgID, timeout: ACK_TIMEOUT_MS });
  }

  #stream(): JetStreamClient {
    const bus = this.#options.bus();
    if (this.#client?.bus !== bus) this.#client = { bus, stream: jetstream(bus.connection) };
    return this.#client.stream;
  }
}
