// One stream of KurrentDB that holds every commit: positions are its revisions, counted from 1.
import { PlatformError } from '@baton/errors';
import type { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Position } from '../port.ts';
import { type Answer, answerOf, isStreamMissing, logUnavailable, refusalOf } from './answer.ts';
import { type Draft, eventOf, recordOf, type StoredRecord } from './draft.ts';

const ATTEMPT_MS = 5_000;
const PAUSE_MS = 50;

export class StreamLog {
  readonly client: KurrentDBClient;
  readonly name: string;
  readonly timeoutMs: number;

  constructor(client: KurrentDBClient, name: string, timeoutMs: number) {
    this.client = client;
    this.name = name;
    this.timeoutMs = timeoutMs;
  }

  /** Up to `count` records from a position on, as the leader has them. */
  read(from: Position, count: number): Promise<StoredRecord[]> {
    return this.#retried([], async () => {
      const records: StoredRecord[] = [];
      const options = { fromRevision: BigInt(from - 1), maxCount: count, requiresLeader: true };
      for await (const event of this.client.readStream(this.name, options)) records.push(recordOf(event));
      mustBeWhole(records, from);
      return records;
    });
  }

  last(): Promise<Position> {
    return this.#retried(0, async () => {
      const options = { fromRevision: 'end', direction: 'backwards', maxCount: 1, requiresLeader: true } as const;
      for await (const { event } of this.client.readStream(this.name, options))
        return Number(event?.revision ?? -1n) + 1;
      return 0;
    });
  }

  /** What the stream's metadata says that it may forget. */
  limits(): Promise<readonly string[]> {
    return this.#retried([], async () => {
      const { metadata } = await this.client.getStreamMetadata(this.name, { requiresLeader: true });
      return ['maxAge', 'maxCount', 'truncateBefore'].filter((key) => metadata?.[key] !== undefined);
    });
  }

  /**
   * All of them or none, behind `after` alone. Sent once: a repeat of the very same append is answered as the first was, because
   * the server finds the same ids behind the revision that is expected.
   */
  async append(drafts: readonly Draft[], after: Position): Promise<Answer> {
    const streamState = after === 0 ? 'no_stream' : BigInt(after - 1);
    try {
      await within(
        this.client.appendToStream(this.name, drafts.map(eventOf), { streamState, requiresLeader: true }),
        Math.min(ATTEMPT_MS, this.timeoutMs),
      );
      return { kind: 'stored' };
    } catch (error) {
      return answerOf(error);
    }
  }

  /** Tries until the time is up. `empty`: the answer where nobody has written yet, and so there is no stream. */
  async #retried<T>(empty: T, read: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.timeoutMs;
    for (;;) {
      try {
        return await within(read(), Math.min(ATTEMPT_MS, this.timeoutMs));
      } catch (error) {
        if (error instanceof PlatformError) throw error;
        if (isStreamMissing(error)) return empty;
        const refusal = refusalOf(error);
        if (refusal !== null) throw refusal;
        if (performance.now() + PAUSE_MS > deadline) throw logUnavailable(error);
      }
      await sleep(PAUSE_MS);
    }
  }
}

async function within<T>(asked: Promise<T>, timeoutMs: number): Promise<T> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error(`no answer within ${timeoutMs} ms`)),
    () => new Promise<never>(() => undefined),
  );
  asked.catch(() => undefined);
  try {
    return await Promise.race([asked, late]);
  } finally {
    timer.abort();
  }
}

/** Revisions of a stream have no gaps: one would be a truncated or scavenged log. */
function mustBeWhole(records: readonly StoredRecord[], from: Position): void {
  for (const [index, { position }] of records.entries()) {
    if (position === from + index) continue;
    const detail = `position ${from + index} is missing`;
    throw new PlatformError('internal', 'The event log has lost commits.', { detail });
  }
}
