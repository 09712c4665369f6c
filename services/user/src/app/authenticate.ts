// From a token to a principal, out of memory.
import type { Principal } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type TokenState, type TokenTerms, usableTerms } from '../domain/token.ts';
import type { UserState } from '../domain/user.ts';
import { parseCredential } from './credential.ts';
import type { Memberships } from './memberships.ts';
import type { Versioned } from './mirror.ts';
import type { CredentialSecrets } from './ports.ts';

interface States<State> {
  get(id: string): Promise<Versioned<State>>;
}

export interface AuthenticateParts {
  readonly tokens: States<TokenState>;
  readonly users: States<UserState>;
  readonly memberships: Memberships;
  readonly secrets: CredentialSecrets;
  readonly now: () => number;
}

export class Authenticator {
  readonly #parts: AuthenticateParts;

  constructor(parts: AuthenticateParts) {
    this.#parts = parts;
  }

  /** One answer for a token that is unknown, wrong, expired or revoked, and for a disabled user's. */
  async authenticate(token: string): Promise<Principal> {
    const { memberships, now, secrets, tokens, users } = this.#parts;
    const credential = parseCredential('token', token);
    if (!credential) throw refused();
    const terms = usableTerms((await tokens.get(credential.id)).state, now());
    if (!terms || !secrets.matches(credential.secret, terms.secretHash)) throw refused();
    const user = (await users.get(terms.userId)).state;
    if (user.kind !== 'active') throw refused();
    return principalOf(credential.id, terms, user.role, memberships.groupsOf(terms.userId));
  }
}

function principalOf(credentialId: string, terms: TokenTerms, role: Principal['role'], groups: string[]): Principal {
  const { userId, kind, jobId, attempt } = terms;
  if (kind !== 'job') return { kind: 'user', userId, role, groups, credentialId };
  const own = { ...(jobId === undefined ? {} : { jobId }), ...(attempt === undefined ? {} : { attempt }) };
  // A job reads what its owner may read as a member, never as an admin.
  return { kind: 'job', userId, role: 'user', groups, credentialId, ...own };
}

function refused(): PlatformError {
  return new PlatformError('unauthenticated', 'The token is unknown, expired or revoked. Log in again.');
}
