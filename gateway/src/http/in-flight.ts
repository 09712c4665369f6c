// Requests being carried out, by principal and idempotency key: a second one at the same time is refused, not queued.
import { PlatformError } from '@baton/errors';

export class InFlight {
  readonly #keys = new Set<string>();

  async once<T>(userId: string, idempotencyKey: string | undefined, run: () => Promise<T>): Promise<T> {
    if (idempotencyKey === undefined) return run();
    const key = `${userId} ${idempotencyKey}`;
    if (this.#keys.has(key)) {
      throw new PlatformError(
        'request_in_flight',
        'A request with this Idempotency-Key is being carried out. Send it again in a moment.',
      );
    }
    this.#keys.add(key);
    try {
      return await run();
    } finally {
      this.#keys.delete(key);
    }
  }
}
