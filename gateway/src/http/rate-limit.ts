// How often something may be asked for: so many at once, and so many a second after that, for each key by itself.
import { PlatformError } from '@baton/errors';

const MAX_KEYS = 10_000;

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

export class RateLimit {
  readonly #rate: Rate;
  readonly #now: () => number;
  /** In order of use. */
  readonly #buckets = new Map<string, Bucket>();

  /** `now`: ms of a clock that nobody can set. */
  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /** `rate_limited` if it is too often. */
  take(key: string): void {
    const { perSecond, burst } = this.#rate;
    const at = this.#now();
    const before = this.#buckets.get(key) ?? { tokens: burst, at };
    const tokens = Math.min(burst, before.tokens + ((at - before.at) / 1_000) * perSecond);
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, at });
    this.#trim();
    if (tokens >= 1) return;
    const message = `Too often: at most ${perSecond} a second. Send several points in one request.`;
    throw new PlatformError('rate_limited', message, { retryAfterMs: ((1 - tokens) / perSecond) * 1_000 });
  }

  #trim(): void {
    const oldest = this.#buckets.size > MAX_KEYS ? this.#buckets.keys().next().value : undefined;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
