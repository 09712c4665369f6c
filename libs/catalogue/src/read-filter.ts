// The rule of who may read what (`canRead`) as filters of the read store, so that lists hold only what the caller may see.
import type { Principal } from '@baton/contracts';
import type { Filter } from '@baton/read-store';

/** Alternatives of which one must hold; an empty list means everything. */
export function readableBy(principal: Principal): Filter[] {
  if (principal.kind === 'system' || principal.role === 'admin') return [];
  const own: Filter = { ownerId: principal.userId };
  const open: Filter = { visibility: 'everyone' };
  if (principal.groups.length === 0) return [own, open];
  return [own, open, { visibility: 'group', groupId: { in: principal.groups } }];
}
