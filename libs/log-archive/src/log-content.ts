// A log to be read once from its beginning, or from marks, wherever it lies: a server, or a file.
import { type Position, type StoredMessage, storedStream } from '@baton/event-store';
import type { NatsConnection } from '@nats-io/transport-node';
import { LOG_STREAMS, type LogStream } from './log-streams.ts';
import { EMPTY_MARK, type StreamMark } from './rolling-hash.ts';

export type ByStream<T> = Readonly<Record<LogStream, T>>;

export interface LogBatch {
  readonly stream: LogStream;
  readonly messages: readonly StoredMessage[];
}

export interface LogContent {
  /** Where each stream is read from. */
  readonly after: ByStream<StreamMark>;
  /** The last position of each stream. */
  readonly ends: ByStream<Position>;
  /** All between, one stream after the other, each in order. */
  read(): AsyncIterable<LogBatch>;
}

export const EMPTY_MARKS: ByStream<StreamMark> = { JOBS: EMPTY_MARK, EVENTS: EMPTY_MARK };

/** What is in the log now. What a job names was in the other stream before it, and so jobs are cut first. */
export async function logOn(connection: NatsConnection, after = EMPTY_MARKS): Promise<LogContent> {
  const streams = { JOBS: storedStream(connection, 'JOBS'), EVENTS: storedStream(connection, 'EVENTS') };
  const ends = await steadyEnds(streams);
  return {
    after,
    ends,
    async *read() {
      for (const stream of LOG_STREAMS) {
        for await (const messages of streams[stream].read(after[stream].position, ends[stream])) {
          yield { stream, messages };
        }
      }
    },
  };
}

const TRIES = 20;

/** Both ends as they were at one instant: nothing was written to one while the other was asked. On a log that is never still, jobs first. */
async function steadyEnds(streams: ByStream<{ lastPosition(): Promise<Position> }>): Promise<ByStream<Position>> {
  let jobs = await streams.JOBS.lastPosition();
  for (let attempt = 1; ; attempt += 1) {
    const events = await streams.EVENTS.lastPosition();
    const now = await streams.JOBS.lastPosition();
    if (now === jobs || attempt === TRIES) return { JOBS: jobs, EVENTS: events };
    jobs = now;
  }
}
