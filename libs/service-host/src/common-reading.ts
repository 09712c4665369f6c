// Readers of one log that begin at the same place read it together: each commit comes over the wire and is decoded once for all of them.
import type { AggregateName } from '@baton/contracts';
import {
  type EventStore,
  type Followed,
  type Position,
  subscribeBatches,
  type UnreadableCommit,
} from '@baton/event-store';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LogReader {
  readonly aggregates: readonly AggregateName[];
  /** What came together, in order, of these aggregates and perhaps of others. The next comes when all readers are done with it. */
  take(batch: readonly Followed[]): Promise<void>;
  leaveOut(unreadable: UnreadableCommit): void;
}

export interface LogPlace {
  readonly store: EventStore;
  readonly after: Position;
  readonly signal: AbortSignal;
}

/** Services start their projections one beside the other: so long the first waits for the others. */
const GATHER_MS = 5;

interface Reading {
  readonly place: LogPlace;
  readonly readers: LogReader[];
  readonly ended: Promise<void>;
}

/** Those that others may still join. */
const gathering = new WeakMap<EventStore, Set<Reading>>();

/** Resolves when the signal aborts; rejects when the log can't be read, or with what `take` rejects with: the others then go on. */
export async function readTogether(reader: LogReader, place: LogPlace): Promise<void> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const guarded: LogReader = {
    aggregates: reader.aggregates,
    leaveOut: (unreadable) => reader.leaveOut(unreadable),
    take: (batch) =>
      reader.take(batch).catch((error: unknown) => {
        reading.readers.splice(reading.readers.indexOf(guarded), 1);
        reject(error);
      }),
  };
  const reading = joined(guarded, place);
  await Promise.race([reading.ended, failed]);
}

function joined(reader: LogReader, place: LogPlace): Reading {
  const open = gathering.get(place.store) ?? new Set();
  gathering.set(place.store, open);
  const known = [...open].find(({ place: { after, signal } }) => after === place.after && signal === place.signal);
  known?.readers.push(reader);
  return known ?? begun(reader, place, open);
}

function begun(reader: LogReader, place: LogPlace, open: Set<Reading>): Reading {
  const readers = [reader];
  const ended = sleep(GATHER_MS).then(() => {
    open.delete(reading);
    return follow(readers, place);
  });
  const reading: Reading = { place, readers, ended };
  open.add(reading);
  return reading;
}

async function follow(readers: readonly LogReader[], { store, after, signal }: LogPlace): Promise<void> {
  const aggregates = [...new Set(readers.flatMap((reader) => reader.aggregates))];
  const onUnreadable = (unreadable: UnreadableCommit): void => {
    for (const reader of readers) reader.leaveOut(unreadable);
  };
  for await (const batch of subscribeBatches(store, after, { aggregates, signal, onUnreadable })) {
    await Promise.all(readers.map((reader) => reader.take(batch)));
    if (readers.length === 0) return;
  }
}
