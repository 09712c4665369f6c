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
  readonly #sliceMs: number;
  /** So long it has worked, without what others did in between. */
  costMs = 0;

  constructor(clock: SliceClock, sliceMs = SLICE_MS) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
  }

  /** What the steps come to. Throws `unavailable` where all work together takes longer. */
  async done<R>(steps: Generator<undefined, R>, mostMs = Infinity): Promise<R> {
    const result = await this.#run(steps, mostMs);
    if (result) return result.value;
    throw new PlatformError('unavailable', `To reckon that takes more than ${mostMs / 1_000} s.`);
  }

  async #run<R>(steps: Generator<undefined, R>, mostMs: number): Promise<{ readonly value: R } | null> {
    const { now, breathe } = this.#clock;
    while (this.costMs <= mostMs) {
      const from = now();
      // The clock may be set meanwhile.
      while (Math.abs(now() - from) < this.#sliceMs) {
        const step = steps.next();
        if (step.done !== true) continue;
        this.costMs += Math.abs(now() - from);
        return { value: step.value };
      }
      this.costMs += Math.abs(now() - from);
      await breathe();
    }
    return null;
  }
}
