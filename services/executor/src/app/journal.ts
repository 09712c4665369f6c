// The journal in memory and on disk: decisions see an entry at once, the scheduler hears of it only when it is durable.
import type { Fact } from '@baton/contracts';
import { evolve, type JournalEntry, type JournalState } from '../domain/journal.ts';
import type { HandOffPause } from './hand-off-pause.ts';
import type { JournalStore } from './ports.ts';

const COMPACT_AFTER_ENTRIES = 5_000;

export class Journal {
  readonly #store: JournalStore;
  readonly #pause: HandOffPause;
  #state: JournalState;
  #durableSeq: number;
  #entriesInFile = 0;
  #tail: Promise<void> = Promise.resolve();
  #queued: JournalEntry[] = [];
  readonly #onDurable: (() => void)[] = [];

  constructor(store: JournalStore, state: JournalState, pause: HandOffPause) {
    this.#store = store;
    this.#pause = pause;
    this.#state = state;
    this.#durableSeq = state.lastSeq;
  }

  get state(): JournalState {
    return this.#state;
  }

  /** Facts that are on disk and not acknowledged. */
  get sendable(): readonly Fact[] {
    return this.#state.pending.filter((fact) => fact.seq <= this.#durableSeq);
  }

  /** Told whenever more entries have become durable. */
  onDurable(listener: () => void): void {
    this.#onDurable.push(listener);
  }

  /** Resolves when the entry is on disk. Rejects if it can't be written: then this process must end. */
  record(...entries: JournalEntry[]): Promise<void> {
    this.#state = entries.reduce(evolve, this.#state);
    const first = this.#queued.length === 0;
    this.#queued.push(...entries);
    // What is recorded while a write is under way goes into the next one: one fsync for all.
    if (first) this.#tail = this.#tail.then(() => this.#write());
    return this.#tail;
  }

  /** As `record`, for an entry that carries a fact. */
  recordFact(make: (seq: number) => JournalEntry): Promise<void> {
    return this.record(make(this.#state.lastSeq + 1));
  }

  async #write(): Promise<void> {
    await this.#pause.over;
    const entries = this.#queued;
    this.#queued = [];
    const { lastSeq } = this.#state;
    await this.#store.append(entries);
    this.#durableSeq = Math.max(this.#durableSeq, lastSeq);
    this.#entriesInFile += entries.length;
    for (const listener of this.#onDurable) listener();
    if (this.#entriesInFile < COMPACT_AFTER_ENTRIES || this.#queued.length > 0) return;
    this.#entriesInFile = 0;
    await this.#store.compact(this.#state);
  }
}
