// What a thing is called and whose it is, as its creator asks for it.
import { fits, Id, type Owned, type Principal, type Visibility } from '@baton/contracts';
import { PlatformError } from '@baton/errors';

export interface Details extends Owned {
  readonly name: string;
  readonly description: string;
  readonly tags: string[];
}

export interface DetailsWanted {
  readonly name: string;
  readonly description?: string;
  readonly tags?: string[];
  readonly visibility?: Visibility;
  /** Whether the caller may name this group is the user service's to say, and has been said. */
  readonly groupId?: string;
}

/** The details of a new thing of `principal`: private unless asked otherwise, open to the group where one is named. */
export function describe(wanted: DetailsWanted, principal: Principal): Details {
  if (principal.kind === 'job')
    throw new PlatformError('forbidden', "A job's token creates nothing. Use a token of your own.");
  if (fits(Id, wanted.name)) throw nameLikeId(wanted.name);
  const groupId = wanted.groupId ?? null;
  const visibility = wanted.visibility ?? (groupId === null ? 'private' : 'group');
  demandGroup(visibility, groupId);
  const { name, description = '', tags = [] } = wanted;
  return { name, description, tags, ownerId: principal.userId, groupId, visibility };
}

/** Visibility `group` means nothing without a group. */
export function demandGroup(visibility: Visibility, groupId: string | null): void {
  if (visibility !== 'group' || groupId !== null) return;
  const detail = 'needs a group: name one of yours in `group`, or choose private or everyone';
  throw new PlatformError('invalid_input', `Visibility "group" ${detail}.`, {
    issues: [{ pointer: '/visibility', detail }],
  });
}

/** A reference is an id or a name: one that could be both would be ambiguous. */
function nameLikeId(name: string): PlatformError {
  const detail = 'reads as an id: choose another name';
  return new PlatformError('invalid_input', `"${name}" ${detail}.`, { issues: [{ pointer: '/name', detail }] });
}
