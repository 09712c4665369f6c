// Tokens to principals: asked of the user service, kept for seconds, dropped as soon as credentials change.
import { createHash } from 'node:crypto';
import { type Principal, systemPrincipal, subjects, userRpc } from '@baton/contracts';
import type { Bus } from '@baton/messaging';

const TTL_MS = 5_000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly principal: Promise<Principal>;
  readonly expiresAt: number;
}

export class Authenticator {
  readonly #bus: Bus;
  readonly #now: () => number;
  /** In order of use, by the token's hash: tokens themselves are not kept. */
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();

  constructor(bus: Bus, now: () => number = Date.now) {
    this.#bus = bus;
    this.#now = now;
    bus.subscribe(subjects.credentialsChanged, () => this.#changed());
  }

  /** `unauthenticated` if the token is unknown, expired or revoked. */
  authenticate(token: string, requestId: string): Promise<Principal> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#entries.get(key);
    this.#entries.delete(key);
    const entry = known && known.expiresAt > this.#now() ? known : this.#ask(key, token, requestId);
    this.#entries.set(key, entry);
    this.#trim();
    return entry.principal;
  }

  /** Told when credentials have changed, until the signal aborts: long answers then ask again. */
  onChange(listener: () => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
  }

  #ask(key: string, token: string, requestId: string): Entry {
    const context = { principal: systemPrincipal('gateway'), meta: { requestId } };
    const principal = this.#bus.call(userRpc.authenticate, context, { token });
    const entry: Entry = { principal, expiresAt: this.#now() + TTL_MS };
    // A refusal is not kept: the next request asks again.
    principal.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry;
  }

  #changed(): void {
    this.#entries.clear();
    for (const listener of this.#listeners) listener();
  }

  #trim(): void {
    const oldest = this.#entries.size > MAX_ENTRIES ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
