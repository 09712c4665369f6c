// The stream from a position on, and then as it grows: without gap or repeat, through reconnects and restarts of the server.
import { type AggregateName, STREAM_SUBJECTS, subjects } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import { gathered } from '../batches.ts';
import type { Followed, Position, ReadOptions } from '../port.ts';
import { decodeForReader, type StoredMessage } from '../stored-commit.ts';
import type { Delivery } from './delivery.ts';
import { longPart, type LongRead } from './long-reads.ts';
import { PullConsumer, type PullSource } from './pull-consumer.ts';
import { logUnavailable } from './request.ts';
import type { StreamApi } from './stream-api.ts';

const PAUSE_MS = 100;

interface Progress {
  position: Position;
  /** Where the stream ended at the beginning. */
  readonly end: Position;
  /** The last commit up to there that is wanted: having given it is having caught up. */
  readonly lastWanted: Position;
  caughtUp: boolean;
}

export async function* follow(
  { api, longRead }: { readonly api: StreamApi; readonly longRead: LongRead | undefined },
  after: Position,
  options: ReadOptions,
): AsyncGenerator<readonly Followed[]> {
  const source = sourceOf(api, options);
  const end = await api.lastPosition();
  const progress: Progress = { position: after, end, lastWanted: await lastWanted(api, options, end), caughtUp: false };
  if (source.filters.length === 0) {
    for await (const messages of longPart(longRead, { after, end, signal: options.signal }))
      yield* gathered<StoredMessage, Followed>(messages, (message, batch) =>
        follows(message, progress, options, batch),
      );
  }
  while (!options.signal?.aborted) {
    await mustReach(api, progress.position);
    const opened = await open(source, progress.position + 1, options.signal);
    if (opened === null) return;
    const began = progress.position;
    const stop = (): void => opened.stop();
    options.signal?.addEventListener('abort', stop);
    try {
      yield* gathered([progress], caughtUp);
      yield* read(opened, progress, options);
    } finally {
      options.signal?.removeEventListener('abort', stop);
      await opened.close();
    }
    if (progress.position === began) await pause(options.signal);
  }
}

/** Until the consumer is lost or the signal aborts. */
async function* read(
  consumer: PullConsumer,
  progress: Progress,
  options: ReadOptions,
): AsyncGenerator<readonly Followed[]> {
  const { signal } = options;
  while (!signal?.aborted) {
    const deliveries = await consumer.take();
    const end = deliveries.findIndex(({ kind }) => kind === 'lost');
    const usable = end === -1 ? deliveries : deliveries.slice(0, end);
    yield* gathered<Delivery, Followed>(usable, (delivery, batch) => {
      if (delivery.kind === 'message') follows(delivery, progress, options, batch);
    });
    if (end !== -1) return;
  }
}

/** Adds what a message means to the reader. */
function follows(message: StoredMessage, progress: Progress, options: ReadOptions, batch: Followed[]): void {
  const { aggregates, signal } = options;
  if (signal?.aborted) return;
  // A new consumer may begin before what the last one gave.
  const { position } = message;
  if (position <= progress.position) return;
  if (aggregates === undefined) mustFollow(progress.position, position, options);
  const commit = decodeForReader(message, options);
  progress.position = position;
  // A server that does not know the filter sends everything.
  const isWanted = commit !== null && (aggregates === undefined || aggregates.includes(commit.ref.aggregate));
  if (isWanted) batch.push({ kind: 'commit', commit });
  caughtUp(progress, batch);
}

/** Nothing is ever deleted: what the server leaves out, as it does with a message whose checksum is wrong, is lost. */
export function mustFollow(before: Position, position: Position, { onUnreadable }: ReadOptions): void {
  if (position === before + 1) return;
  const detail = `missing: position ${before + 1}${position === before + 2 ? '' : ` to ${position - 1}`}`;
  const error = new PlatformError('internal', 'The event log has lost commits.', { detail });
  if (onUnreadable === undefined) throw error;
  onUnreadable({ position: before + 1, ref: null, error });
}

function caughtUp(progress: Progress, batch: Followed[]): void {
  if (progress.caughtUp || progress.position < progress.lastWanted) return;
  progress.caughtUp = true;
  batch.push({ kind: 'caught-up', position: Math.max(progress.position, progress.end) });
}

/**
 * The leader says it: a consumer may live on a replica that is behind, and what it calls its end is not the stream's.
 */
async function lastWanted(api: StreamApi, { aggregates }: ReadOptions, end: Position): Promise<Position> {
  if (aggregates === undefined || wantsAll(api, aggregates)) return end;
  const last = await Promise.all(aggregates.map((aggregate) => api.lastMessage(subjects.aggregates(aggregate))));
  return Math.max(0, ...last.map((message) => message?.position ?? 0));
}

function sourceOf(api: StreamApi, { aggregates = [] }: ReadOptions): PullSource {
  const { connection, stream } = api;
  const isFiltered = aggregates.length > 0 && !wantsAll(api, aggregates);
  return { connection, stream, filters: isFiltered ? aggregates.map((name) => subjects.aggregates(name)) : [] };
}

/** With a filter the server looks at each subject that the stream has, and there are as many as there were jobs: none is set where it would let all pass. */
function wantsAll({ stream }: StreamApi, aggregates: readonly AggregateName[]): boolean {
  const wanted = new Set(aggregates.map((name) => subjects.aggregates(name)));
  const held = (STREAM_SUBJECTS as Readonly<Record<string, readonly string[]>>)[stream];
  return held !== undefined && held.every((subject) => wanted.has(subject));
}

/** A log shorter than what was read from it has lost commits: positions would be used again, and what was built on them is wrong. */
async function mustReach(api: StreamApi, position: Position): Promise<void> {
  const last = position === 0 ? 0 : await api.lastPosition();
  if (position <= last) return;
  const detail = `${api.stream} ends at ${last}, ${position} was read`;
  throw new PlatformError('internal', 'The event log is shorter than what was read from it.', { detail });
}

/** Tries until there is a consumer; null when the signal aborts. Throws `unavailable` when the connection is closed for good. */
async function open(source: PullSource, from: Position, signal: AbortSignal | undefined) {
  while (!signal?.aborted) {
    try {
      return await PullConsumer.open(source, from);
    } catch (error) {
      if (source.connection.isClosed() || source.connection.isDraining()) throw logUnavailable(error);
      await pause(signal);
    }
  }
  return null;
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  await sleep(PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
