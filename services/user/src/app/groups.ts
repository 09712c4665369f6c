// Groups: created by anybody, changed by their owners and admins, seen by their members and admins.
import type { GroupView, MemberRole, Principal, RequestMeta } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { groupDecider, isReadable, managed, notMember } from '../domain/group.commands.ts';
import { initialGroup } from '../domain/group.ts';
import type { GroupDocument } from '../projections/groups.ts';
import type { PageQuery, View } from '../projections/view.ts';
import type { Aggregates, Changed, Ids, Names, Write } from './aggregates.ts';
import { isIdOf } from './identifier.ts';
import { isAdmin, requirePerson, requireReader } from './person.ts';
import type { CredentialsChanged } from './ports.ts';
import { findUserId } from './user-ref.ts';

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
    const command = { kind: 'CreateGroup', name, createdBy } as const;
    // With an idempotency key that was used before, the group's own log answers, and no name is touched.
    const isRepeat = (await aggregates.groups.load(wanted)).revision > 0;
    // What is refused reserves nothing.
    if (!isRepeat) groupDecider.decide(command, initialGroup);
    // A creation that was cut short after the reservation left no group: whoever asks next for the name goes on with its id.
    const id = isRepeat ? wanted : await names.reserve('group', name, wanted, write);
    const { revision } = await aggregates.groups.execute(id, command, write);
    changed({ userId: createdBy });
    return { id, revision };
  }

  async get(ref: string, principal: Principal, meta: RequestMeta): Promise<GroupView> {
    requireReader(principal);
    const id = await this.#idOf(ref);
    const document = await this.#parts.groups.get(id, meta);
    // Of how it was, those are told who are in it today.
    const mayRead = (found: GroupDocument) =>
      isAdmin(principal) ||
      (meta.at === undefined ? found.memberIds.includes(principal.userId) : principal.groups.includes(id));
    if (document === null || !mayRead(document)) throw notFound();
    return shown(document);
  }

  async list(
    query: PageQuery,
    principal: Principal,
    at?: string,
  ): Promise<{ items: GroupView[]; nextCursor: string | null }> {
    requireReader(principal);
    const own = at === undefined ? { memberIds: principal.userId } : { id: { in: principal.groups } };
    const page = await this.#parts.groups.page(query, isAdmin(principal) ? {} : own, at);
    return { items: page.items.map(shown), nextCursor: page.nextCursor };
  }

  /** The group that the caller wants to share something with. */
  async resolve(ref: string, principal: Principal): Promise<{ groupId: string; groupName: string }> {
    requireReader(principal);
    const groupId = await this.#find(ref);
    const state = groupId === null ? null : (await this.#parts.aggregates.groups.load(groupId)).state;
    // Whether it is not there or the caller is not in it is told to nobody.
    if (groupId === null || state === null || !isReadable(state, principal)) throw notShared(ref);
    return { groupId, groupName: state.name };
  }

  async addMember(
    ref: string,
    member: { readonly user: string; readonly role: MemberRole },
    write: Write,
  ): Promise<Changed> {
    requirePerson(write.principal);
    const id = await this.#idOf(ref);
    const { aggregates } = this.#parts;
    // Who may not change the group learns nothing about addresses either.
    managed((await aggregates.groups.load(id)).state, write.principal);
    const userId = await this.#userId(member.user, write.principal);
    const user = userId === null ? null : await aggregates.users.load(userId);
    if (userId === null || user?.state.kind !== 'active')
      throw new PlatformError('not_found', 'There is no user with that id or e-mail address.');
    return this.#changeMember(id, { kind: 'AddMember', userId, role: member.role, by: write.principal }, write);
  }

  async removeMember(ref: string, user: string, write: Write): Promise<Changed> {
    requirePerson(write.principal);
    const id = await this.#idOf(ref);
    const userId = await this.#userId(user, write.principal);
    if (userId !== null) return this.#changeMember(id, { kind: 'RemoveMember', userId, by: write.principal }, write);
    managed((await this.#parts.aggregates.groups.load(id)).state, write.principal);
    throw notMember();
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

  async #idOf(ref: string): Promise<string> {
    const id = await this.#find(ref);
    if (id === null) throw notFound();
    return id;
  }

  async #find(ref: string): Promise<string | null> {
    return isIdOf('group', ref) ? ref : this.#parts.names.holder('group', ref);
  }

  #userId(ref: string, principal: Principal): Promise<string | null> {
    return findUserId(ref, principal, this.#parts.names);
  }
}

function shown({ memberIds: _memberIds, members, ...rest }: GroupDocument): GroupView {
  return { ...rest, members: members.map((member) => ({ ...member })) };
}

/** In every request that names a group, the field is `group`. */
function notShared(ref: string): PlatformError {
  const detail = 'names no group of yours';
  const message = `There is no group "${ref}", or you are not in it. \`baton group list\` shows yours.`;
  return new PlatformError('not_found', message, { issues: [{ pointer: '/group', detail }] });
}

function notFound(): PlatformError {
  return new PlatformError('not_found', 'There is no such group.');
}
