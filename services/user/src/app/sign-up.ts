// Sign-up by the one-time token or an invite. Cut short anywhere, it is finished by signing up again with the same address.
import { PlatformError } from '@baton/errors';
import type { Role } from '@baton/contracts';
import { type Account, hasAccount } from '../domain/user.ts';
import type { Aggregates, Names, Write } from './aggregates.ts';
import { parseCredential } from './credential.ts';
import { sameEmail } from './person.ts';
import type { AdminToken, CredentialSecrets, PasswordHasher, PersonalFields } from './ports.ts';

const FIRST_ADMIN = 'admin';

export interface SignUpParts {
  readonly aggregates: Pick<Aggregates, 'users' | 'invites'>;
  readonly names: Names;
  readonly newUserId: () => string;
  readonly adminToken: AdminToken;
  readonly secrets: CredentialSecrets;
  readonly hasher: PasswordHasher;
  readonly personal: PersonalFields;
  readonly now: () => number;
}

export interface SignUpForm {
  readonly token: string;
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

/** What the presented token is good for. */
type Grant =
  | { readonly kind: 'first-admin' }
  | { readonly kind: 'invite'; readonly id: string; readonly role: Role; readonly usedBy: string | null };

/**
 * The address's reservation decides the user's id; then the token is claimed for that id; then the account is registered
 * (once, by expectation); then the one-time token is removed. Each step, repeated, finds what it did before.
 */
export class SignUpWithToken {
  readonly #parts: SignUpParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: SignUpParts) {
    this.#parts = parts;
  }

  /** One after the other: two sign-ups with one token must see each other's claim. Answers the user's id. */
  run(body: SignUpForm, write: Write): Promise<string> {
    const mine = this.#last.then(() => this.#signUp(body, write));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #signUp(body: SignUpForm, write: Write): Promise<string> {
    const { aggregates, hasher, names, newUserId, personal } = this.#parts;
    const grant = await this.#grant(body.token);
    const account = sameEmail(body.email);
    const holder = await names.reserve('email', account, newUserId(), write);
    const { state } = await aggregates.users.load(holder);
    if (hasAccount(state)) return this.#repeated(body, grant, holder, state);
    // Whoever had the address is forgotten; their erasure was cut short of giving it back, or could not read it any more.
    if (state.kind === 'erased') await names.release('email', account, holder, write);
    const userId = state.kind === 'erased' ? await names.reserve('email', account, newUserId(), write) : holder;
    const passwordHash = await hasher.hash(body.password);
    const role = await this.#claim(grant, userId, write);
    const [email, name] = await Promise.all([
      personal.seal(userId, 'email', body.email),
      personal.seal(userId, 'name', body.name),
    ]);
    await aggregates.users.execute(userId, { kind: 'RegisterUser', email, name, passwordHash, role }, write);
    if (grant.kind === 'first-admin') await this.#parts.adminToken.remove();
    return userId;
  }

  async #grant(token: string): Promise<Grant> {
    if (await this.#parts.adminToken.matches(token)) return { kind: 'first-admin' };
    const credential = parseCredential('invite', token);
    if (!credential) throw invalidToken();
    const { state } = await this.#parts.aggregates.invites.load(credential.id);
    if (state.kind === 'none' || !this.#parts.secrets.matches(credential.secret, state.secretHash))
      throw invalidToken();
    if (state.kind === 'open' && this.#parts.now() >= state.expiresAt) throw invalidToken();
    return { kind: 'invite', id: credential.id, role: state.role, usedBy: state.kind === 'used' ? state.userId : null };
  }

  async #claim(grant: Grant, userId: string, write: Write): Promise<Role> {
    if (grant.kind === 'first-admin') {
      await this.#claimFirstAdmin(userId, write);
      return 'admin';
    }
    await this.#parts.aggregates.invites.execute(grant.id, { kind: 'UseInvite', userId, at: this.#parts.now() }, write);
    return grant.role;
  }

  async #claimFirstAdmin(userId: string, write: Write): Promise<void> {
    const { adminToken, aggregates, names } = this.#parts;
    const holderId = await names.reserve('first-admin', FIRST_ADMIN, userId, write);
    if (holderId === userId) return;
    if ((await aggregates.users.load(holderId)).state.kind !== 'none') {
      // The sign-up that used the token was cut short of removing it.
      await adminToken.remove();
      throw invalidToken();
    }
    // An earlier sign-up, with another address, ended before there was an account.
    await names.release('first-admin', FIRST_ADMIN, holderId, write);
    if ((await names.reserve('first-admin', FIRST_ADMIN, userId, write)) !== userId) throw invalidToken();
  }

  /** The account is there: the same person again gets the same answer, anybody else learns that the address is taken. */
  async #repeated(body: SignUpForm, grant: Grant, userId: string, state: Account): Promise<string> {
    const { adminToken, hasher, names } = this.#parts;
    const usedBy = grant.kind === 'invite' ? grant.usedBy : await names.holder('first-admin', FIRST_ADMIN);
    if (usedBy !== userId || !(await hasher.verify(body.password, state.passwordHash))) {
      throw new PlatformError('name_taken', 'An account with this e-mail address exists. Log in instead.');
    }
    if (grant.kind === 'first-admin') await adminToken.remove();
    return userId;
  }
}

function invalidToken(): PlatformError {
  return new PlatformError(
    'unauthenticated',
    'The sign-up token is not valid: it is unknown, expired or used. Ask an admin for another.',
  );
}
