// Who a token is, kept for seconds: one question for all the requests that bring it meanwhile.
import { hash } from 'node:crypto';
import type { Principal } from '@baton/contracts';

const TTL_MS = 5_000;

interface Entry {
  readonly principal: Promise<Principal>;
  readonly expiresAt: number;
}

export interface PrincipalCacheParts {
  readonly ask: (token: string, requestId: string) => Promise<Principal>;
  readonly maxEntries: number;
  readonly now: () => number;
}

export class PrincipalCache {
  readonly #parts: PrincipalCacheParts;
  /** In order of use, by the token's hash: tokens themselves are not kept. */
  readonly #entries = new Map<string, Entry>();

  constructor(parts: PrincipalCacheParts) {
    this.#parts = parts;
  }

  get(token: string, requestId: string): Promise<Principal> {
    const key = hash('sha256', token);
    const known = this.#entries.get(key);
    this.#entries.delete(key);
    const entry = known && known.expiresAt > this.#parts.now() ? known : this.#ask(key, token, requestId);
    this.#entries.set(key, entry);
    this.#trim();
    return entry.principal;
  }

  clear(): void {
    this.#entries.clear();
  }

  #ask(key: string, token: string, requestId: string): Entry {
    const { ask, now } = this.#parts;
    const entry: Entry = { principal: ask(token, requestId), expiresAt: now() + TTL_MS };
    // A refusal is not kept: the next request asks again.
    entry.principal.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry;
  }

  #trim(): void {
    const oldest = this.#entries.size > this.#parts.maxEntries ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
