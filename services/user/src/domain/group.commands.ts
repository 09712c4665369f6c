// Commands of a group: create, add and remove members.
import { fits, type GroupEvent, Id, type MemberRole, type Principal } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { evolveGroup, type GroupState, initialGroup } from './group.ts';

export interface CreateGroup {
  readonly kind: 'CreateGroup';
  readonly name: string;
  readonly createdBy: string;
}
export interface AddMember {
  readonly kind: 'AddMember';
  readonly userId: string;
  readonly role: MemberRole;
  readonly by: Principal;
}
export interface RemoveMember {
  readonly kind: 'RemoveMember';
  readonly userId: string;
  readonly by: Principal;
}
export type GroupCommand = CreateGroup | AddMember | RemoveMember;
type Existing = Extract<GroupState, { kind: 'group' }>;

export const groupDecider: Decider<GroupCommand, GroupState, GroupEvent> = {
  initialState: initialGroup,
  decide,
  evolve: evolveGroup,
};

function decide(command: GroupCommand, state: GroupState): GroupEvent[] {
  switch (command.kind) {
    case 'CreateGroup':
      return create(command, state);
    case 'AddMember':
      return add(command, managed(state, command.by));
    case 'RemoveMember':
      return remove(command, readable(state, command.by));
    default:
      return command satisfies never;
  }
}

function create({ name, createdBy }: CreateGroup, state: GroupState): GroupEvent[] {
  if (state.kind !== 'none')
    throw new PlatformError('name_taken', `There is a group named ${name} already. Choose another name.`);
  if (fits(Id, name)) throw nameLikeId(name);
  return [
    { type: 'GroupCreated', v: 1, data: { name, createdBy } },
    { type: 'MemberAdded', v: 1, data: { userId: createdBy, role: 'owner' } },
  ];
}

function add({ userId, role }: AddMember, state: Existing): GroupEvent[] {
  if (state.members[userId] === role) return [];
  if (role !== 'owner' && isLastOwner(userId, state)) throw needsOwner();
  return [{ type: 'MemberAdded', v: 1, data: { userId, role } }];
}

/** A member may leave by themselves. */
function remove({ userId, by }: RemoveMember, state: Existing): GroupEvent[] {
  if (!manages(by, state) && by.userId !== userId) throw notManager();
  if (state.members[userId] === undefined) throw notMember();
  if (isLastOwner(userId, state)) throw needsOwner();
  return [{ type: 'MemberRemoved', v: 1, data: { userId } }];
}

/** The group as this caller sees it: `not_found` for everybody but its members and admins. */
function readable(state: GroupState, by: Principal): Existing {
  if (isReadable(state, by)) return state;
  throw new PlatformError('not_found', 'There is no such group.');
}

export function isReadable(state: GroupState, by: Principal): state is Existing {
  return state.kind === 'group' && (state.members[by.userId] !== undefined || isAdmin(by));
}

/** The group if this caller may change its members. */
export function managed(state: GroupState, by: Principal): Existing {
  const group = readable(state, by);
  if (!manages(by, group)) throw notManager();
  return group;
}

export function notMember(): PlatformError {
  return new PlatformError('not_found', 'That user is not a member of the group.');
}

function isAdmin(by: Principal): boolean {
  return by.kind === 'system' || by.role === 'admin';
}

function manages(by: Principal, state: Existing): boolean {
  return isAdmin(by) || state.members[by.userId] === 'owner';
}

function isLastOwner(userId: string, state: Existing): boolean {
  const owners = Object.keys(state.members).filter((id) => state.members[id] === 'owner');
  return owners.length === 1 && owners[0] === userId;
}

/** A reference is an id or a name: one that could be both would be ambiguous. */
function nameLikeId(name: string): PlatformError {
  const detail = 'reads as an id: choose another name';
  return new PlatformError('invalid_input', `"${name}" ${detail}.`, { issues: [{ pointer: '/name', detail }] });
}

function notManager(): PlatformError {
  return new PlatformError('forbidden', "Only the group's owners and admins change its members.");
}

function needsOwner(): PlatformError {
  return new PlatformError('conflict', 'The group needs an owner. Make another member owner first.');
}
