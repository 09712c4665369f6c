// Long work in short turns, so that nobody is kept waiting by it.
import { PlatformError } from '@baton/errors';

export interface SliceClock {
  readonly now: () => number;
  /** Lets others go first. */
  readonly breathe: () => Promise<void>;
}

const SLICE_MS = 5;

export class Slices {
  readonly #clock: SliceClock;
  /** So long it has worked, without what others did in between. */
  costMs = 0;

  readonly #mostMs: number;

  /** `mostMs`: of work; what takes more is given up. */
  constructor(clock: SliceClock, mostMs = Infinity) {
    this.#clock = clock;
    this.#mostMs = mostMs;
  }

  /** What the steps come to. Throws `unavailable` where that takes too long. */
  async done<R>(steps: Generator<undefined, R>): Promise<R> {
    const { now, breathe } = this.#clock;
    for (;;) {
      const from = now();
      // The clock may be set meanwhile.
      while (Math.abs(now() - from) < SLICE_MS) {
        const step = steps.next();
        if (step.done === true) {
          this.costMs += Math.max(0, now() - from);
          return step.value;
        }
      }
      this.costMs += SLICE_MS;
      if (this.costMs > this.#mostMs)
        throw new PlatformError('unavailable', `To reckon that takes more than ${this.#mostMs / 1_000} s.`);
      await breathe();
    }
  }
}
