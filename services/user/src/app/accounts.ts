// Users as they are shown and disabled. Personal fields are opened here, for the answer alone.
import type { Principal, RequestMeta, UserView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { UserDocument } from '../projections/users.ts';
import type { PageQuery, View } from '../projections/view.ts';
import type { Aggregates, Changed, Names, Write } from './aggregates.ts';
import { isAdmin, requireAdmin, requireLogIn, requirePerson, requireReader } from './person.ts';
import type { CredentialsChanged, PersonalFields } from './ports.ts';
import { pseudonym } from './pseudonym.ts';
import { findUserId } from './user-ref.ts';

export interface AccountsParts {
  readonly users: View<UserDocument>;
  readonly aggregates: Pick<Aggregates, 'users'>;
  readonly names: Names;
  readonly personal: PersonalFields;
  readonly changed: CredentialsChanged;
}

export class Accounts {
  readonly #parts: AccountsParts;

  constructor(parts: AccountsParts) {
    this.#parts = parts;
  }

  /** By id, e-mail address or `me`; whom the caller may not see does not exist for them. */
  async get(ref: string, principal: Principal, meta: RequestMeta): Promise<UserView> {
    requireLogIn(principal);
    const id = await findUserId(ref, principal, this.#parts.names);
    const isVisible = id !== null && (id === principal.userId || isAdmin(principal));
    const document = isVisible ? await this.#parts.users.get(id, meta) : null;
    if (!document) throw notFound();
    return this.#shown(document);
  }

  /** Just written: as the log has it. */
  async newest(id: string): Promise<UserView> {
    const document = await this.#parts.users.newest(id);
    if (!document) throw notFound();
    return this.#shown(document);
  }

  /** Admins see all, everybody else themselves. */
  async list(
    query: PageQuery,
    principal: Principal,
    at?: string,
  ): Promise<{ items: UserView[]; nextCursor: string | null }> {
    requireReader(principal);
    const page = await this.#parts.users.page(query, isAdmin(principal) ? {} : { id: principal.userId }, at);
    return {
      items: await Promise.all(page.items.map((document) => this.#shown(document))),
      nextCursor: page.nextCursor,
    };
  }

  async disable(ref: string, write: Write): Promise<Changed> {
    const { principal } = write;
    requirePerson(principal);
    const id = await findUserId(ref, principal, this.#parts.names);
    if (id === null || (id !== principal.userId && !isAdmin(principal))) throw notFound();
    requireAdmin(principal);
    const { revision } = await this.#parts.aggregates.users.execute(
      id,
      { kind: 'DisableUser', userId: id, by: principal.userId },
      write,
    );
    this.#parts.changed({ userId: id });
    return { id, revision };
  }

  async #shown({ email, name, ...rest }: UserDocument): Promise<UserView> {
    const { personal } = this.#parts;
    const standIn = pseudonym(rest.id);
    if (rest.erased) return { ...rest, ...standIn };
    const [shownEmail, shownName] = await Promise.all([
      personal.open(rest.id, 'email', email),
      personal.open(rest.id, 'name', name),
    ]);
    return { ...rest, email: shownEmail ?? standIn.email, name: shownName ?? standIn.name };
  }
}

function notFound(): PlatformError {
  return new PlatformError('not_found', 'There is no such user.');
}
