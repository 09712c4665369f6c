// Slows down guessing: so many failed log-ins an account in a time, counted from the moment that an attempt starts.
import { PlatformError } from '@baton/errors';

const FAILURES_MAX = 10;
const WINDOW_MS = 5 * 60_000;
/** Beyond it the oldest accounts are forgotten: memory stays bounded whatever names are tried. */
const ACCOUNTS_MAX = 50_000;

export class LogInLimit {
  readonly #failures = new Map<string, number[]>();

  /** Counts the attempt as failed until `succeeded` says otherwise, so that attempts side by side count too. */
  attempt(account: string, now: number): void {
    const recent = (this.#failures.get(account) ?? []).filter((at) => at > now - WINDOW_MS);
    const [oldest] = recent;
    if (oldest !== undefined && recent.length >= FAILURES_MAX) {
      const retryAfterMs = oldest + WINDOW_MS - now;
      const wait = Math.ceil(retryAfterMs / 1_000);
      throw new PlatformError('rate_limited', `Too many failed log-ins for this account. Try again in ${wait} s.`, {
        retryAfterMs,
      });
    }
    this.#failures.delete(account);
    this.#failures.set(account, [...recent, now]);
    this.#forgetOldest();
  }

  succeeded(account: string): void {
    this.#failures.delete(account);
  }

  /** The attempt that started at `at` could not be checked: it doesn't count. */
  withdraw(account: string, at: number): void {
    const failures = this.#failures.get(account) ?? [];
    const index = failures.lastIndexOf(at);
    if (index >= 0) this.#failures.set(account, failures.toSpliced(index, 1));
  }

  #forgetOldest(): void {
    if (this.#failures.size <= ACCOUNTS_MAX) return;
    for (const account of this.#failures.keys()) {
      this.#failures.delete(account);
      return;
    }
  }
}
