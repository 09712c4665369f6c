// The stream from a position on, and then as it grows: without gap or repeat, through cuts and restarts of the server.
import { PlatformError } from '@baton/errors';
import type { ResolvedEvent, StreamSubscription } from '@kurrent/kurrentdb-client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Followed, Position, ReadOptions } from '../port.ts';
import { decodeForReader } from '../stored-commit.ts';
import { refusalOf } from './answer.ts';
import { recordOf, type StoredRecord } from './draft.ts';
import type { StreamLog } from './stream-log.ts';

const PAUSE_MS = 100;

interface Progress {
  position: Position;
  /** Where the stream ended at the beginning. */
  readonly end: Position;
  caughtUp: boolean;
}

export async function* follow(log: StreamLog, after: Position, options: ReadOptions): AsyncGenerator<Followed> {
  const { signal } = options;
  const progress: Progress = { position: after, end: await log.last(), caughtUp: false };
  mustReach(log, after, progress.end);
  while (!signal?.aborted) {
    yield* caughtUp(progress);
    for await (const record of records(log, progress.position, signal)) {
      yield* follows(record, progress, options);
      if (signal?.aborted) return;
    }
    await sleep(PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    if (!signal?.aborted) mustReach(log, progress.position, await log.last());
  }
}

function* follows(record: StoredRecord, progress: Progress, options: ReadOptions): Generator<Followed> {
  const { aggregates, signal } = options;
  if (record.position <= progress.position) return;
  if (record.position !== progress.position + 1) throw lost(progress.position + 1);
  progress.position = record.position;
  const commit = decodeForReader(record, options);
  const isWanted = commit !== null && (aggregates === undefined || aggregates.includes(commit.ref.aggregate));
  if (isWanted) yield { kind: 'commit', commit };
  if (!signal?.aborted) yield* caughtUp(progress);
}

function* caughtUp(progress: Progress): Generator<Followed> {
  if (progress.caughtUp || progress.position < progress.end) return;
  progress.caughtUp = true;
  yield { kind: 'caught-up', position: progress.position };
}

/** One subscription, until it breaks or the signal aborts. Throws what another subscription would not cure. */
async function* records(
  { client, name }: StreamLog,
  after: Position,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredRecord> {
  const fromRevision = after === 0 ? 'start' : BigInt(after - 1);
  const subscription = client.subscribeToStream(name, { fromRevision, requiresLeader: true });
  let failure: unknown = null;
  const stop = (): void => end(subscription);
  // The client emits an error without ending the stream.
  subscription.on('error', (error: Error) => {
    failure ??= error;
    stop();
  });
  signal?.addEventListener('abort', stop);
  const events = subscription[Symbol.asyncIterator]();
  try {
    for (let event = await nextOf(events); event !== null; event = await nextOf(events)) yield recordOf(event);
    const refusal = refusalOf(failure);
    if (refusal !== null) throw refusal;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

async function nextOf(events: AsyncIterator<ResolvedEvent>): Promise<ResolvedEvent | null> {
  try {
    const next = await events.next();
    return next.done === true ? null : next.value;
  } catch {
    return null;
  }
}

/** Ends what is read here at once, and what the server sends as soon as the client has told it. */
function end(subscription: StreamSubscription): void {
  void subscription.unsubscribe().catch(() => undefined);
  subscription.destroy();
}

/** A log shorter than what was read from it has lost commits: positions would be used again, and what was built on them is wrong. */
function mustReach({ name }: StreamLog, position: Position, last: Position): void {
  if (position <= last) return;
  const detail = `${name} ends at ${last}, ${position} was read`;
  throw new PlatformError('internal', 'The event log is shorter than what was read from it.', { detail });
}

function lost(position: Position): PlatformError {
  return new PlatformError('internal', 'The event log has lost commits.', {
    detail: `position ${position} is missing`,
  });
}
