// Forgetting a person: their key, their secrets, their tokens, their address, their memberships. Cut short anywhere, it is finished later.
import type { Principal } from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { hasAccount, type UserState } from '../domain/user.ts';
import type { SecretDocument } from '../projections/secrets.ts';
import type { TokenDocument } from '../projections/tokens.ts';
import type { UserDocument } from '../projections/users.ts';
import type { Stamp } from '../projections/stamp.ts';
import type { View } from '../projections/view.ts';
import type { Aggregates, Changed, Names, Write } from './aggregates.ts';
import type { Memberships } from './memberships.ts';
import { requireAdmin, sameEmail } from './person.ts';
import type { CredentialsChanged, PersonalFields, PersonalKeyring } from './ports.ts';
import { findUserId } from './user-ref.ts';

const AT_ONCE = 500;

export interface ErasureParts {
  readonly users: View<UserDocument>;
  readonly tokens: View<TokenDocument>;
  readonly secrets: View<SecretDocument>;
  readonly memberships: Pick<Memberships, 'groupsOf'>;
  readonly aggregates: Aggregates;
  readonly names: Names;
  readonly personal: PersonalFields;
  readonly keyring: PersonalKeyring;
  readonly deleteSecret: (ownerId: string, name: string, write: Write) => Promise<unknown>;
  readonly changed: CredentialsChanged;
}

export class Erasure {
  readonly #parts: ErasureParts;

  constructor(parts: ErasureParts) {
    this.#parts = parts;
  }

  /** By id or e-mail address. What the log says comes first: from then on nobody logs in as this person, whatever happens here. */
  async erase(ref: string, write: Write): Promise<Changed> {
    requireAdmin(write.principal);
    const id = await findUserId(ref, write.principal, this.#parts.names);
    if (id === null) throw new PlatformError('not_found', 'There is no such user.');
    return this.#erase(id, write);
  }

  /**
   * What was cut short is finished. A person who is noted as erased beside the keys, but whom a restored log takes for present, is erased in it
   * again: a backup from before brings nobody back.
   */
  async resume(write: Write): Promise<void> {
    const { aggregates, keyring, users } = this.#parts;
    const buried = await keyring.buried();
    for (const id of buried) {
      const { state } = await aggregates.users.load(id);
      if (hasAccount(state)) await this.#erase(id, write);
    }
    for await (const { id } of allOf(users, { erased: true })) await this.#forget(id, null, write);
  }

  async #erase(id: string, write: Write): Promise<Changed> {
    const { aggregates, changed } = this.#parts;
    const email = await this.#emailOf(id, (await aggregates.users.load(id)).state);
    const command = { kind: 'EraseUser', userId: id, by: write.principal.userId } as const;
    const { revision } = await aggregates.users.execute(id, command, write);
    changed({ userId: id });
    await this.#forget(id, email, write);
    return { id, revision };
  }

  /** Each step, repeated, finds what it did before. The key is last: it opens the address that is given back. */
  async #forget(id: string, email: string | null, write: Write): Promise<void> {
    const { deleteSecret, keyring, names, secrets } = this.#parts;
    const theirs: SecretDocument[] = [];
    for await (const secret of allOf(secrets, { ownerId: id })) theirs.push(secret);
    await keyring.bury(
      id,
      theirs.map((secret) => secret.id),
    );
    for (const { name } of theirs) await deleteSecret(id, name, write).catch(ignoring('not_found'));
    await this.#revokeTokens(id, write);
    await this.#leaveGroups(id, write);
    if (email !== null) await names.release('email', sameEmail(email), id, write);
    await keyring.destroy(id);
  }

  async #emailOf(id: string, state: UserState): Promise<string | null> {
    return hasAccount(state) ? this.#parts.personal.open(id, 'email', state.email) : null;
  }

  /** Those of an erased user are good for nothing anyway. */
  async #revokeTokens(userId: string, write: Write): Promise<void> {
    const { aggregates, tokens } = this.#parts;
    for await (const { id, revoked } of allOf(tokens, { userId })) {
      if (!revoked) await aggregates.tokens.execute(id, { kind: 'RevokeToken', by: write.principal.userId }, write);
    }
  }

  /** A group's last owner stays in it, as the stand-in that they are: an admin names another. */
  async #leaveGroups(userId: string, write: Write): Promise<void> {
    const { aggregates, memberships } = this.#parts;
    const by: Principal = write.principal;
    for (const id of memberships.groupsOf(userId)) {
      await aggregates.groups
        .execute(id, { kind: 'RemoveMember', userId, by }, write)
        .catch(ignoring('conflict', 'not_found'));
    }
  }
}

async function* allOf<D extends Stamp>(view: View<D>, scope: Readonly<Record<string, string | boolean>>) {
  let cursor: string | null = null;
  do {
    const page = await view.page({ limit: AT_ONCE, ...(cursor === null ? {} : { cursor }) }, scope);
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

function ignoring(...codes: readonly Parameters<typeof hasCode>[1][]): (error: unknown) => void {
  return (error) => {
    if (!codes.some((code) => hasCode(error, code))) throw error;
  };
}
