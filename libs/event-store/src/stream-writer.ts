// The pipelined writer's port: many commits in flight, each expecting the stream to end with the one before it.
import { PlatformError } from '@baton/errors';
import type { AggregateRef, Appended, Commit, EventStore, Position } from './port.ts';

export interface PendingWrite extends Appended {
  /** Resolves when the commit is durable at that position; rejects with `conflict` when it never will be in the log. */
  readonly done: Promise<Appended>;
}

/** `lost`: another wrote to the stream; nothing of what was in flight behind that is in the log. */
export type WriterState = 'open' | 'lost' | 'closed';

export interface StreamWriter {
  readonly state: WriterState;
  /** Position of the newest commit assigned, written or not. */
  readonly lastAssigned: Position;
  /**
   * Sends a commit at once, behind all that is in flight. Position and hash are known now and hold if `done` resolves, so the
   * caller may go on from them. Throws `conflict` while the writer is lost, `unavailable` when it is closed, `storage_full`
   * while there is no room for more.
   */
  write(ref: AggregateRef, commit: Commit): PendingWrite;
  /** Resolves while there is room for another write in flight; `write` itself never waits. */
  ready(): Promise<void>;
  /** Takes a lost writer up again behind `after`, which the caller has read. */
  reset(after: Position): void;
  /** Gives up what is in flight: its `done` rejects with `outcome_unknown`. */
  close(): void;
}

export interface WriterOptions {
  /** Position of the stream's newest commit as the caller has read it. */
  readonly after: Position;
  /** How many commits may be unacknowledged; 512 if absent. */
  readonly maxInFlight?: number;
}

/** A store that can also be written in a pipeline, by one writer at a time. */
export interface PipelinedEventStore extends EventStore {
  openWriter(options: WriterOptions): StreamWriter;
}

export const DEFAULT_MAX_IN_FLIGHT = 512;

/** What becomes of a write when another writer was faster, and of all that is in flight behind it. */
export function lostRace(): PlatformError {
  return new PlatformError('conflict', 'Somebody else wrote to the stream at the same time.');
}
