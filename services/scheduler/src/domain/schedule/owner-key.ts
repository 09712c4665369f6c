// Whose use of devices counts as one: a user inside a group, and the group.
import type { Owner } from './engine-model.ts';

/** A user who submits for no group is a group of one. */
export function groupKeyOf({ groupId, userId }: Owner): string {
  return groupId === null ? `user/${userId}` : `group/${groupId}`;
}

export function ownerKeyOf(owner: Owner): string {
  return `${groupKeyOf(owner)}/${owner.userId}`;
}
