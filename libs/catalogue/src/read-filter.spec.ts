// Lists and single reads follow one rule: the filters hold for exactly what `canRead` lets through.
import { canRead, type Owned, type Principal } from '@baton/contracts';
import type { Filter } from '@baton/read-store';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readableBy } from './read-filter.ts';

const user = fc.constantFrom('usr_a', 'usr_b');
const group = fc.constantFrom('grp_a', 'grp_b');
const thing: fc.Arbitrary<Owned> = fc.record({
  ownerId: user,
  groupId: fc.option(group),
  visibility: fc.constantFrom('private', 'group', 'everyone'),
});
const principal: fc.Arbitrary<Principal> = fc.record({
  kind: fc.constantFrom('user', 'job', 'system'),
  userId: user,
  role: fc.constantFrom('user', 'admin'),
  groups: fc.uniqueArray(group),
  credentialId: fc.constant('tok'),
});

function matches(filter: Filter, owned: Owned): boolean {
  return Object.entries(filter).every(([field, wanted]) => {
    const value = owned[field as keyof Owned];
    if (typeof wanted === 'object' && wanted !== null && 'in' in wanted) return wanted.in.includes(value);
    return value === wanted;
  });
}

it('lists exactly what may be read', () => {
  fc.assert(
    fc.property(principal, thing, (caller, owned) => {
      const filters = readableBy(caller);
      const listed = filters.length === 0 || filters.some((filter) => matches(filter, owned));
      expect(listed).toBe(canRead(caller, owned));
    }),
  );
});
