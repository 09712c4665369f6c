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
  /** A group's id. */
  readonly group?: string;
}

/** The details of a new thing of `principal`: private unless asked otherwise, open to the group where one is named. */
export function describe(wanted: DetailsWanted, principal: Principal): Details {
  if (principal.kind === 'job')
    throw new PlatformError('forbidden', "A job's token creates nothing. Use a token of your own.");
  if (isId(wanted.name)) throw nameLikeId(wanted.name);
  const groupId = wanted.group === undefined ? null : ownGroup(wanted.group, principal);
  const visibility = wanted.visibility ?? (groupId === null ? 'private' : 'group');
  demandGroup(visibility, groupId);
  const { name, description = '', tags = [] } = wanted;
  return { name, description, tags, ownerId: principal.userId, groupId, visibility };
}

/** The id of a group that `principal` is in. */
export function ownGroup(group: string, principal: Principal): string {
  if (!isId(group)) throw badGroup(`"${group}" is not a group's id: give the id (grp_...), not the name.`);
  if (principal.kind === 'system' || principal.groups.includes(group)) return group;
  throw badGroup('You are in no group with this id. Name one of your own groups.');
}

/** Not a type guard: what is no id is a string all the same. */
function isId(text: string): boolean {
  return fits(Id, text);
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

function badGroup(message: string): PlatformError {
  return new PlatformError('invalid_input', message, { issues: [{ pointer: '/group', detail: message }] });
}
