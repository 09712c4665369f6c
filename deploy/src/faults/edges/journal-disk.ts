// The disk under an agent's journal: what was not synced is gone after a power cut, and a killed agent leaves its last write half done.
import { emptyJournal, evolve, type JournalEntry, type JournalState, type JournalStore } from '@baton/executor/core';
import type { Breakage } from '../breakage.ts';
import type { Kernel, SimulatedProcess } from '../kernel/kernel.ts';

const FSYNC_MS = [0.5, 5] as const;
const LAZY_MS = 3_000;

/** An agent that nobody stops for it would end by an unhandled rejection. */
export class DiskFull extends Error {
  readonly code = 'ENOSPC';
  readonly process: SimulatedProcess;

  constructor(process: SimulatedProcess) {
    super('no space left');
    this.process = process;
  }
}

export class JournalDisk {
  readonly #kernel: Kernel;
  readonly #broken: ReadonlySet<Breakage>;
  /** On the disk. */
  #synced: JournalEntry[] = [];
  /** Given to the system, and lost with its power. */
  #written: JournalEntry[] = [];
  #underWay: readonly JournalEntry[] | null = null;
  slowUntil = 0;
  fullUntil = 0;

  constructor(kernel: Kernel, broken: ReadonlySet<Breakage>) {
    this.#kernel = kernel;
    this.#broken = broken;
  }

  /** As an agent that starts finds it. */
  read(): JournalState {
    if (this.#broken.has('journal-dropped')) this.#synced = [];
    return [...this.#synced, ...this.#written].reduce(evolve, emptyJournal);
  }

  storeOf(process: SimulatedProcess): JournalStore {
    return {
      append: (entries) => this.#append(process, entries),
      compact: async (state) => void (this.#synced = [{ type: 'snapshot', state }]),
    };
  }

  #append(process: SimulatedProcess, entries: readonly JournalEntry[]): Promise<void> {
    const kernel = this.#kernel;
    this.#underWay = entries;
    return new Promise((resolve, reject) => {
      if (this.fullUntil > kernel.now) {
        kernel.schedule(process, 1, () => reject(new DiskFull(process)));
        return;
      }
      const slowMs = this.slowUntil > kernel.now ? kernel.between(0, 1_500) : 0;
      kernel.schedule(process, kernel.between(...FSYNC_MS) + slowMs, () => {
        this.#underWay = null;
        if (this.#broken.has('journal-fsync')) this.#writeOnly(entries);
        else this.#synced.push(...entries);
        resolve();
      });
    });
  }

  #writeOnly(entries: readonly JournalEntry[]): void {
    this.#written.push(...entries);
    this.#kernel.after(LAZY_MS, () => {
      if (!this.#written.includes(entries[0] as JournalEntry)) return;
      this.#synced.push(...this.#written.splice(0, entries.length));
    });
  }

  /** The agent was killed: the system may have taken what it was writing. */
  agentDied(): void {
    if (this.#underWay !== null && this.#kernel.chance(0.5)) this.#synced.push(...this.#underWay);
    this.#underWay = null;
  }

  powerCut(): void {
    const underWay = this.#underWay ?? [];
    this.#synced.push(...underWay.slice(0, Math.floor(this.#kernel.between(0, underWay.length + 1))));
    this.#written = [];
    this.#underWay = null;
  }
}
