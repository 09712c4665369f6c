// Read model of groups with their members.
import { EVENTS_STREAM, type GroupEvent, type MemberRole } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Projection } from '@baton/service-host';
import { evolveGroup, type GroupState } from '../domain/group.ts';
import { eventsOf, type Stamp, stamp } from './stamp.ts';

export interface GroupDocument extends Stamp {
  readonly name: string;
  readonly members: readonly { readonly userId: string; readonly role: MemberRole }[];
  /** The same ids alone, for the filter "groups that this user is in". */
  readonly memberIds: readonly string[];
}

export const groupsProjection: Projection<GroupDocument> = {
  name: 'groups',
  version: 1,
  indexes: [['createdAt'], ['updatedAt'], ['name'], ['memberIds']],
  stream: EVENTS_STREAM,
  aggregates: ['group'],
  apply,
};

function apply(document: GroupDocument | null, commit: RecordedCommit): GroupDocument | null {
  const state = eventsOf<GroupEvent>(commit).reduce(evolveGroup, stateOf(document));
  if (state.kind === 'none') return null;
  const members = Object.entries(state.members).map(([userId, role]) => ({ userId, role }));
  return { ...stamp(document, commit), name: state.name, members, memberIds: Object.keys(state.members) };
}

function stateOf(document: GroupDocument | null): GroupState {
  if (!document) return { kind: 'none' };
  return {
    kind: 'group',
    name: document.name,
    members: Object.fromEntries(document.members.map(({ userId, role }) => [userId, role])),
  };
}
