// Those who wait until a document has a revision: woken by writes, and by what says that it will never have it.
import { PlatformError } from '@baton/errors';

interface Waiter {
  readonly id: string;
  readonly revision: number;
  readonly resolve: () => void;
}

export class RevisionWaiters {
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  /** What was just written; null: it was removed. */
  wake(documents: ReadonlyMap<string, { readonly revision: number } | null>): void {
    for (const waiter of this.#waiters) {
      const document = documents.get(waiter.id);
      // A removed document will never reach the revision: its absence is the news.
      if (document === null || (document && document.revision >= waiter.revision)) waiter.resolve();
    }
  }

  /** Nobody waits for what will not come. */
  giveUp(id: string): void {
    for (const waiter of this.#waiters) if (waiter.id === id) waiter.resolve();
  }

  /** `look` tells, from now on and at once, whether there is nothing to wait for. `unavailable` after `timeoutMs`. */
  async wait(id: string, revision: number, timeoutMs: number, look: () => Promise<boolean>): Promise<void> {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const waiter = { id, revision, resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(() => reject(notReadableYet()), timeoutMs);
    try {
      if (!(await look())) await Promise.race([reached, late]);
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }
}

function notReadableYet(): PlatformError {
  const message = 'The change is recorded but not readable yet. Read again in a moment.';
  return new PlatformError('unavailable', message, { retryAfterMs: 500 });
}
