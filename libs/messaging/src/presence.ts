// Whether the server is there: what waits for an answer when it goes is told so at once, not at its time limit.
import { PlatformError } from '@baton/errors';
import type { NatsConnection } from '@nats-io/transport-node';

const RETRY_AFTER_MS = 1_000;

export class Presence {
  #isThere = true;
  readonly #waiting = new Set<(error: PlatformError) => void>();

  constructor(connection: NatsConnection) {
    void this.#watch(connection);
  }

  /** Runs the work; throws `unavailable` if the server is away, `outcome_unknown` if it goes meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isThere) {
      const message = 'The platform is reconnecting to its message bus. Try again in a moment.';
      throw new PlatformError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    work().then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(reject);
    }
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.#leave();
      else if (type === 'reconnect') this.#isThere = true;
    }
  }

  #leave(): void {
    this.#isThere = false;
    const message = 'The message bus went away before the answer came. Try again with the same Idempotency-Key.';
    for (const reject of this.#waiting) {
      reject(new PlatformError('outcome_unknown', message, { retryAfterMs: RETRY_AFTER_MS }));
    }
  }
}
