// Reading many commits at a time: what a store that can do so offers, and the same of any other.
import type { EventStore, Followed, Position, ReadOptions, RecordedCommit } from './port.ts';

/**
 * What comes together is given together, in order, none of it empty. Giving each commit by itself costs as much as decoding it.
 * Where reading fails, what came before is given first.
 */
export interface BatchedReads {
  readBatches(after: Position, options?: ReadOptions): AsyncIterable<readonly RecordedCommit[]>;
  subscribeBatches(after: Position, options?: ReadOptions): AsyncIterable<readonly Followed[]>;
}

/** As `readAll`. */
export function readBatches(
  store: Pick<EventStore, 'readAll'> & Partial<BatchedReads>,
  after: Position,
  options: ReadOptions = {},
): AsyncIterable<readonly RecordedCommit[]> {
  return store.readBatches?.(after, options) ?? oneByOne(store.readAll(after, options));
}

/** As `subscribe`. */
export function subscribeBatches(
  store: Pick<EventStore, 'subscribe'> & Partial<BatchedReads>,
  after: Position,
  options: ReadOptions = {},
): AsyncIterable<readonly Followed[]> {
  return store.subscribeBatches?.(after, options) ?? oneByOne(store.subscribe(after, options));
}

async function* oneByOne<T>(items: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  for await (const item of items) yield [item];
}

/** The same, each by itself, until the signal aborts. */
export async function* eachOf<T>(
  batches: AsyncIterable<readonly T[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  for await (const batch of batches) {
    for (const item of batch) {
      if (signal?.aborted) return;
      yield item;
    }
  }
}

/** What `add` makes of the items, until one of them can't be dealt with: then what came before, and the error behind it. */
export function* gathered<Item, T>(items: Iterable<Item>, add: (item: Item, batch: T[]) => void): Generator<T[]> {
  const batch: T[] = [];
  try {
    for (const item of items) add(item, batch);
  } catch (error) {
    if (batch.length > 0) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}
