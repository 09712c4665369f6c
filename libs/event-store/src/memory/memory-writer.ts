// The pipelined writer over the log in memory: a write takes effect a moment after it was assigned, as with a real server.
import { PlatformError } from '@baton/errors';
import type { AggregateRef, Appended, Commit, Expectation, Position } from '../port.ts';
import { encodeCommit, hashOf } from '../stored-commit.ts';
import {
  DEFAULT_MAX_IN_FLIGHT,
  lostRace,
  type PendingWrite,
  type StreamWriter,
  type WriterOptions,
  type WriterState,
} from '../stream-writer.ts';

type Append = (ref: AggregateRef, commit: Commit, expected: Expectation) => Appended;

export class MemoryWriter implements StreamWriter {
  readonly #append: Append;
  readonly #maxInFlight: number;
  #state: WriterState = 'open';
  #lastAssigned: Position;
  #inFlight = 0;
  /** Raised by every loss: what was in flight then stays refused after a reset. */
  #generation = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(append: Append, options: WriterOptions) {
    this.#append = append;
    this.#lastAssigned = options.after;
    this.#maxInFlight = options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT;
  }

  get state(): WriterState {
    return this.#state;
  }

  get lastAssigned(): Position {
    return this.#lastAssigned;
  }

  write(ref: AggregateRef, commit: Commit): PendingWrite {
    if (this.#state === 'lost') throw lostRace();
    if (this.#state === 'closed') throw new PlatformError('unavailable', 'The writer is closed.');
    const hash = hashOf(encodeCommit(commit));
    const expected = this.#lastAssigned;
    const generation = this.#generation;
    const position = (this.#lastAssigned += 1);
    this.#inFlight += 1;
    const done = this.#tail.then(() => {
      this.#mustBeOpen(generation);
      return this.#take(ref, commit, expected);
    });
    const settled = (): void => void (this.#inFlight -= 1);
    this.#tail = done.then(settled, settled);
    return { position, hash, done };
  }

  async ready(): Promise<void> {
    while (this.#inFlight >= this.#maxInFlight) await this.#tail;
  }

  reset(after: Position): void {
    if (this.#state === 'closed') throw new PlatformError('unavailable', 'The writer is closed.');
    this.#lastAssigned = after;
    this.#state = 'open';
  }

  close(): void {
    this.#state = 'closed';
  }

  #mustBeOpen(generation: number): void {
    if (generation !== this.#generation) throw lostRace();
    if (this.#state === 'closed')
      throw new PlatformError('outcome_unknown', 'The writer was closed.', { retryAfterMs: 1_000 });
  }

  #take(ref: AggregateRef, commit: Commit, expected: Position): Appended {
    try {
      return this.#append(ref, commit, { kind: 'stream', position: expected });
    } catch (error) {
      this.#state = 'lost';
      this.#generation += 1;
      throw error;
    }
  }
}
