// Publishes the metrics that a job sends over REST: numbered without gaps, though several gateways may write at once.
import { METRICS_STREAM, type MetricPoint, REST_METRICS, subjects } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type JetStreamClient, JetStreamApiError, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { parsePoints } from './job-metrics.ts';
import type { StreamReader } from './stream-reader.ts';

const TRIES = 8;
const ACK_TIMEOUT_MS = 5_000;
/** Wrong last sequence of the subject: somebody else was faster. */
const CONFLICTS = new Set([10_071, 10_164]);

export interface MetricPost {
  readonly jobId: string;
  readonly attempt: number;
  readonly points: readonly Omit<MetricPoint, 'seq'>[];
  /** Of the request: sent again within two minutes, it is stored once. */
  readonly repeatKey: string | undefined;
}

export class MetricWriter {
  readonly #client: JetStreamClient;
  readonly #streams: StreamReader;

  constructor(connection: NatsConnection, streams: StreamReader) {
    this.#client = jetstream(connection);
    this.#streams = streams;
  }

  /** Resolves when the stream has them. */
  async publish(post: MetricPost): Promise<void> {
    const subject = subjects.metric(REST_METRICS, post.jobId, post.attempt);
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (await this.#try(subject, post)) return;
    }
    throw new PlatformError('unavailable', 'Too many points of this attempt come at once. Send them again.');
  }

  /** The subject is the fence: what was numbered behind an older message than its last is refused. */
  async #try(subject: string, { points, repeatKey, jobId, attempt }: MetricPost): Promise<boolean> {
    const last = await this.#streams.last(METRICS_STREAM, subject);
    const first = (last === null ? -1 : (parsePoints(last.data).at(-1)?.seq ?? -1)) + 1;
    const numbered = points.map((point, index) => ({ seq: first + index, ...point }));
    try {
      await this.#client.publish(subject, JSON.stringify(numbered), {
        expect: { lastSubjectSequence: last?.position ?? 0 },
        timeout: ACK_TIMEOUT_MS,
        ...(repeatKey === undefined ? {} : { msgID: `${jobId}.${attempt}.${repeatKey}` }),
      });
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError && CONFLICTS.has(error.code)) return false;
      throw error;
    }
  }
}
