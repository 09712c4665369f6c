// Ends a running attempt: when asked or at its time limit; first politely, after the grace period for certain.
import type { AttemptKey, ProcessIdentity } from '../domain/journal.ts';
import type { Runtime } from './ports.ts';

/** Longest delay that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const KILL_AGAIN_MS = 1_000;

export interface StoppingParts {
  readonly key: AttemptKey;
  readonly identity: ProcessIdentity;
  readonly runtime: Runtime;
  readonly graceMs: number;
  readonly timeLimitMs: number | null;
  readonly onTimeLimit: () => Promise<void>;
}

export class Stopping {
  readonly #parts: StoppingParts;
  #timer: NodeJS.Timeout | undefined;
  #begun = false;

  constructor(parts: StoppingParts) {
    this.#parts = parts;
    this.#armTimeLimit();
  }

  /** SIGTERM to the group now, SIGKILL to the session after the grace period, again until it is gone. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    clearTimeout(this.#timer);
    const { runtime, key, identity, graceMs } = this.#parts;
    runtime.signal(key, identity, 'SIGTERM');
    this.#timer = setTimeout(() => this.#kill(), graceMs);
  }

  cancel(): void {
    this.#begun = true;
    clearTimeout(this.#timer);
  }

  #kill(): void {
    const { runtime, key, identity } = this.#parts;
    runtime.signal(key, identity, 'SIGKILL');
    this.#timer = setTimeout(() => this.#kill(), KILL_AGAIN_MS);
  }

  /** Measured from the process's own start, so that a restart of the agent gives no time as a present. */
  #armTimeLimit(): void {
    const { timeLimitMs, runtime, identity, onTimeLimit } = this.#parts;
    if (timeLimitMs === null) return;
    const leftMs = timeLimitMs - runtime.ageMs(identity);
    const act = leftMs > MAX_TIMER_MS ? () => this.#armTimeLimit() : () => void onTimeLimit();
    this.#timer = setTimeout(act, Math.min(Math.max(0, leftMs), MAX_TIMER_MS));
  }
}
