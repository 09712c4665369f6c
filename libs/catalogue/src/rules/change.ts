// Changing a thing's details: what differs is recorded, nothing else.
import type { DetailsChange, Visibility } from '@baton/contracts';
import { demandGroup, type Details } from './details.ts';
import type { LatestVersion, Thing } from './thing.ts';

export interface ChangeWanted {
  readonly description?: string;
  readonly tags?: string[];
  readonly visibility?: Visibility;
  /** Null takes the thing out of its group. */
  readonly groupId?: string | null;
  /** Whether the caller may hand it to somebody is asked before. */
  readonly ownerId?: string;
}

/** What of `wanted` differs from `details`; null if nothing does. */
export function changeOf(details: Details, wanted: ChangeWanted): DetailsChange | null {
  const groupId = wanted.groupId === undefined ? details.groupId : wanted.groupId;
  const visibility = wanted.visibility ?? visibilityAfter(details, wanted);
  demandGroup(visibility, groupId);
  const change: DetailsChange = {
    ...(wanted.description === undefined || wanted.description === details.description
      ? {}
      : { description: wanted.description }),
    ...(wanted.tags === undefined || sameTags(wanted.tags, details.tags) ? {} : { tags: wanted.tags }),
    ...(visibility === details.visibility ? {} : { visibility }),
    ...(groupId === details.groupId ? {} : { groupId }),
    ...(wanted.ownerId === undefined || wanted.ownerId === details.ownerId ? {} : { ownerId: wanted.ownerId }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

/** Without its group a thing that was open to the group is open to nobody, rather than refused. */
function visibilityAfter({ visibility }: Details, { groupId }: ChangeWanted): Visibility {
  return groupId === null && visibility === 'group' ? 'private' : visibility;
}

export function withChange<L extends LatestVersion>(state: Thing<L>, change: DetailsChange): Thing<L> {
  return state.status === 'present' ? { ...state, details: { ...state.details, ...change } } : state;
}

function sameTags(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((tag, index) => tag === right[index]);
}
