// Measures what attempts use, every few seconds, all in one go; nothing runs while there are none.
import type { MetricValues } from '@baton/contracts';
import { type AttemptKey, attemptName } from '../domain/journal.ts';
import type { Reporter, UsageProbe } from './ports.ts';

/** What ends sooner is not worth a look at all processes of the server. */
const FIRST_LOOK_MS = 200;

export interface UsageSamplerParts {
  readonly probe: UsageProbe;
  readonly everyMs: number;
  readonly reporter: Reporter;
}

export class UsageSampler {
  readonly #parts: UsageSamplerParts;
  readonly #watchers = new Map<string, (values: MetricValues) => void>();
  #timer: NodeJS.Timeout | null = null;
  #isFailing = false;

  constructor(parts: UsageSamplerParts) {
    this.#parts = parts;
  }

  /** Until the function that it gives is called. */
  watch(key: AttemptKey, take: (values: MetricValues) => void): () => void {
    const name = attemptName(key);
    this.#watchers.set(name, take);
    this.#timer ??= setTimeout(() => void this.#round(), FIRST_LOOK_MS);
    return () => {
      if (this.#watchers.get(name) === take) this.#watchers.delete(name);
      if (this.#watchers.size > 0 || this.#timer === null) return;
      clearTimeout(this.#timer);
      this.#timer = null;
    };
  }

  async #round(): Promise<void> {
    const { probe, everyMs, reporter } = this.#parts;
    try {
      for (const [name, values] of await probe.sample()) this.#watchers.get(name)?.(values);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) reporter.warn({ error: String(error) }, 'what the attempts use can not be measured');
      this.#isFailing = true;
    }
    // From the end of one round to the beginning of the next: a driver that hangs is not asked again meanwhile.
    this.#timer = this.#watchers.size === 0 ? null : setTimeout(() => void this.#round(), everyMs);
  }
}
