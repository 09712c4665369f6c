// Tokens to principals: asked of the user service, kept for seconds, dropped as soon as credentials change.
import { type Principal, systemPrincipal, subjects, userRpc } from '@baton/contracts';
import type { Bus } from '@baton/messaging';
import { PrincipalCache } from './principal-cache.ts';

const MAX_ENTRIES = 10_000;

export class Authenticator {
  readonly #principals: PrincipalCache;
  readonly #listeners = new Set<() => void>();

  constructor(bus: Bus, now: () => number = () => performance.now()) {
    const ask = (token: string, requestId: string) =>
      bus.call(userRpc.authenticate, { principal: systemPrincipal('gateway'), meta: { requestId } }, { token });
    this.#principals = new PrincipalCache({ ask, maxEntries: MAX_ENTRIES, now });
    bus.subscribe(subjects.credentialsChanged, () => this.#changed());
  }

  /** `unauthenticated` if the token is unknown, expired or revoked. */
  authenticate(token: string, requestId: string): Promise<Principal> {
    return this.#principals.get(token, requestId);
  }

  /** Told when credentials have changed, until the signal aborts: long answers then ask again. */
  onChange(listener: () => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
  }

  #changed(): void {
    this.#principals.clear();
    for (const listener of this.#listeners) listener();
  }
}
