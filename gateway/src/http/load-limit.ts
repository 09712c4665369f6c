// How much is carried out at once: what is more is refused before its body is read, so that neither memory nor waiting grows with the load.
import { PlatformError } from '@baton/errors';

export interface LoadLimits {
  readonly atOnce: number;
  /** Of one user, so that others get through. */
  readonly ofOne: number;
}

/** Some seconds of work: who waits longer than that has given up. */
export const REQUEST_LIMITS: LoadLimits = { atOnce: 512, ofOne: 256 };
/** Answers that go on for as long as somebody follows them. */
export const STREAM_LIMITS: LoadLimits = { atOnce: 4_000, ofOne: 2_000 };

const RETRY_AFTER_MS = 1_000;

export class LoadLimit {
  readonly #limits: LoadLimits;
  readonly #ofOne = new Map<string, number>();
  #atOnce = 0;

  constructor(limits: LoadLimits) {
    this.#limits = limits;
  }

  /** `unavailable` if the platform has enough to do, `rate_limited` if that user has asked for enough. The function that it gives is called at the end, once. */
  enter(userId: string): () => void {
    const own = this.#ofOne.get(userId) ?? 0;
    if (own >= this.#limits.ofOne)
      throw refusal('rate_limited', `Too many requests at once: at most ${this.#limits.ofOne}.`);
    if (this.#atOnce >= this.#limits.atOnce) throw refusal('unavailable', 'The platform has too much to do just now.');
    this.#atOnce += 1;
    this.#ofOne.set(userId, own + 1);
    return () => this.#leave(userId);
  }

  #leave(userId: string): void {
    this.#atOnce -= 1;
    const left = (this.#ofOne.get(userId) ?? 1) - 1;
    if (left > 0) this.#ofOne.set(userId, left);
    else this.#ofOne.delete(userId);
  }
}

function refusal(code: 'rate_limited' | 'unavailable', why: string): PlatformError {
  return new PlatformError(code, `${why} Nothing was done; try again in a moment.`, { retryAfterMs: RETRY_AFTER_MS });
}
