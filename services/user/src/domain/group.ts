// The group: a name and its members, at least one of them an owner.
import type { GroupEvent, MemberRole } from '@baton/contracts';

export type GroupState =
  | { readonly kind: 'none' }
  | { readonly kind: 'group'; readonly name: string; readonly members: Readonly<Record<string, MemberRole>> };

export const initialGroup: GroupState = { kind: 'none' };

export function evolveGroup(state: GroupState, event: GroupEvent): GroupState {
  switch (event.type) {
    case 'GroupCreated':
      return { kind: 'group', name: event.data.name, members: {} };
    case 'MemberAdded':
      if (state.kind === 'none') return state;
      return { ...state, members: { ...state.members, [event.data.userId]: event.data.role } };
    case 'MemberRemoved':
      return state.kind === 'none' ? state : { ...state, members: without(state.members, event.data.userId) };
    default:
      return event satisfies never;
  }
}

function without(members: Readonly<Record<string, MemberRole>>, userId: string): Readonly<Record<string, MemberRole>> {
  return Object.fromEntries(Object.entries(members).filter(([id]) => id !== userId));
}

export function membersOf(state: GroupState): string[] {
  return state.kind === 'none' ? [] : Object.keys(state.members);
}
