// Watches whether an early-started job takes its devices at its own `baton.take()`, and does so in time.
import type { AttemptKey } from '../domain/journal.ts';
import type { Journal } from './journal.ts';
import type { Runtime } from './ports.ts';

const POLL_MS = 20;

export interface TakeWatchParts {
  readonly key: AttemptKey;
  readonly runtime: Runtime;
  readonly journal: Journal;
  readonly grantedAt: number;
  /** Of the time that it has for it. */
  readonly leftMs: number;
  readonly onLimit: () => Promise<void>;
}

export class TakeWatch {
  readonly #parts: TakeWatchParts;
  readonly #lateAt: number;
  readonly #timer: NodeJS.Timeout;
  #isNoted = false;

  constructor(parts: TakeWatchParts) {
    this.#parts = parts;
    this.#lateAt = performance.now() + parts.leftMs;
    this.#timer = setInterval(() => this.#look(), POLL_MS);
    this.#look();
  }

  /** Its processes are gone: it may have taken them since the last look. */
  finish(): void {
    this.cancel();
    this.#note();
  }

  cancel(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const isLate = performance.now() >= this.#lateAt;
    if (!this.#note() && !isLate) return;
    this.cancel();
    if (!this.#isNoted) void this.#parts.onLimit().catch(() => undefined);
  }

  #note(): boolean {
    const { runtime, journal, key, grantedAt } = this.#parts;
    const at = this.#isNoted ? null : runtime.takenAt(key);
    if (at === null) return this.#isNoted;
    this.#isNoted = true;
    const fact = { type: 'taken', ...key, at: Math.max(at, grantedAt) } as const;
    void journal.recordFact((seq) => ({ type: 'taken', fact: { ...fact, seq } })).catch(() => undefined);
    return true;
  }
}
