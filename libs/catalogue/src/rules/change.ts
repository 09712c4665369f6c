// Changing a thing's details: what differs is recorded, nothing else.
import type { DetailsChange, Principal, Visibility } from '@baton/contracts';
import { demandGroup, type Details, ownGroup } from './details.ts';
import type { LatestVersion, Thing } from './thing.ts';

export interface ChangeWanted {
  readonly description?: string;
  readonly tags?: string[];
  readonly visibility?: Visibility;
  /** A group's id; null takes the thing out of its group. */
  readonly group?: string | null;
}

/** What of `wanted` differs from `details`; null if nothing does. */
export function changeOf(details: Details, wanted: ChangeWanted, principal: Principal): DetailsChange | null {
  const groupId = groupAfter(details, wanted, principal);
  // Without its group a thing that was open to the group is open to nobody, rather than refused.
  const kept =
    groupId === null && details.visibility === 'group' && wanted.group === null ? 'private' : details.visibility;
  const visibility = wanted.visibility ?? kept;
  demandGroup(visibility, groupId);
  const change: DetailsChange = {
    ...(wanted.description === undefined || wanted.description === details.description
      ? {}
      : { description: wanted.description }),
    ...(wanted.tags === undefined || sameTags(wanted.tags, details.tags) ? {} : { tags: wanted.tags }),
    ...(visibility === details.visibility ? {} : { visibility }),
    ...(groupId === details.groupId ? {} : { groupId }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

/** An admin who is not in the group may still say again what already holds. */
function groupAfter(details: Details, { group }: ChangeWanted, principal: Principal): string | null {
  if (group === undefined || group === details.groupId) return details.groupId;
  return group === null ? null : ownGroup(group, principal);
}

export function withChange<L extends LatestVersion>(state: Thing<L>, change: DetailsChange): Thing<L> {
  return state.status === 'present' ? { ...state, details: { ...state.details, ...change } } : state;
}

function sameTags(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((tag, index) => tag === right[index]);
}
