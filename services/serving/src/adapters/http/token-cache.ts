// Remembers for a moment whom a token stands for, so that not every inference asks the user service.
import type { Principal } from '@baton/contracts';
import type { Authenticate } from './access.ts';

const LIVES_MS = 5_000;
const MOST_TOKENS = 10_000;

export interface TokenCache {
  readonly authenticate: Authenticate;
  /** Credentials have changed somewhere. */
  clear(): void;
}

/** Refusals are not remembered: a token that was just made works at once. */
export function tokenCache(authenticate: Authenticate, now: () => number): TokenCache {
  const known = new Map<string, { readonly principal: Promise<Principal>; readonly until: number }>();
  return {
    clear: () => known.clear(),
    authenticate(token) {
      const entry = known.get(token);
      if (entry && entry.until > now()) return entry.principal;
      if (known.size >= MOST_TOKENS) known.clear();
      const principal = authenticate(token);
      known.set(token, { principal, until: now() + LIVES_MS });
      principal.catch(() => {
        if (known.get(token)?.principal === principal) known.delete(token);
      });
      return principal;
    },
  };
}
