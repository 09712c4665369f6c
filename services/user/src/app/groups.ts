// Groups: created by anybody, changed by their owners and admins, seen by their members and admins.
import type { GroupView, MemberRole, Principal, RequestMeta } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { readable } from '../domain/group.commands.ts';
import type { GroupDocument } from '../projections/groups.ts';
import type { PageQuery, View } from '../projections/view.ts';
import type { Aggregates, Changed, Ids, Names, Write } from './aggregates.ts';
import { isIdOf } from './identifier.ts';
import { isAdmin, requirePerson, requireReader } from './person.ts';
import type { CredentialsChanged } from './ports.ts';

export interface GroupsParts {
  readonly groups: View<GroupDocument>;
  readonly aggregates: Pick<Aggregates, 'groups' | 'users'>;
  readonly ids: Ids;
  readonly names: Names;
  readonly changed: CredentialsChanged;
}

export class Groups {
  readonly #parts: GroupsParts;

  constructor(parts: GroupsParts) {
    this.#parts = parts;
  }

  async create(name: string, write: Write): Promise<Changed> {
    requirePerson(write.principal);
    const { aggregates, changed, ids, names } = this.#parts;
    const createdBy = write.principal.userId;
    const wanted = ids.create('group', write);
    // With an idempotency key that was used before, the group's own log answers, and no name is touched.
    const isRepeat = (await aggregates.groups.load(wanted)).revision > 0;
    // A creation that was cut short after the reservation left no group: whoever asks next for the name goes on with its id.
    const id = isRepeat ? wanted : await names.reserve('group', name, wanted, write);
    const { revision } = await aggregates.groups.execute(id, { kind: 'CreateGroup', name, createdBy }, write);
    changed({ userId: createdBy });
    return { id, revision };
  }

  async get(ref: string, principal: Principal, meta: RequestMeta): Promise<GroupView> {
    requireReader(principal);
    const id = await this.#resolve(ref);
    const document = await this.#parts.groups.get(id, meta);
    const isVisible = document !== null && (document.memberIds.includes(principal.userId) || isAdmin(principal));
    if (!isVisible) throw notFound();
    return shown(document);
  }

  async list(query: PageQuery, principal: Principal): Promise<{ items: GroupView[]; nextCursor: string | null }> {
    requireReader(principal);
    const page = await this.#parts.groups.page(query, isAdmin(principal) ? {} : { memberIds: principal.userId });
    return { items: page.items.map(shown), nextCursor: page.nextCursor };
  }

  async addMember(
    ref: string,
    member: { readonly userId: string; readonly role: MemberRole },
    write: Write,
  ): Promise<Changed> {
    requirePerson(write.principal);
    const id = await this.#resolve(ref);
    const { aggregates } = this.#parts;
    readable((await aggregates.groups.load(id)).state, write.principal);
    const user = await aggregates.users.load(member.userId);
    if (user.state.kind !== 'active') throw new PlatformError('not_found', 'There is no user with that id.');
    return this.#changeMember(id, { kind: 'AddMember', ...member, by: write.principal }, write);
  }

  async removeMember(ref: string, userId: string, write: Write): Promise<Changed> {
    requirePerson(write.principal);
    return this.#changeMember(await this.#resolve(ref), { kind: 'RemoveMember', userId, by: write.principal }, write);
  }

  async #changeMember(
    id: string,
    command: Parameters<Aggregates['groups']['execute']>[1] & { userId: string },
    write: Write,
  ): Promise<Changed> {
    const { revision } = await this.#parts.aggregates.groups.execute(id, command, write);
    this.#parts.changed({ userId: command.userId });
    return { id, revision };
  }

  async #resolve(ref: string): Promise<string> {
    const id = isIdOf('group', ref) ? ref : await this.#parts.names.holder('group', ref);
    if (id === null) throw notFound();
    return id;
  }
}

function shown({ memberIds: _memberIds, members, ...rest }: GroupDocument): GroupView {
  return { ...rest, members: members.map((member) => ({ ...member })) };
}

function notFound(): PlatformError {
  return new PlatformError('not_found', 'There is no such group.');
}
