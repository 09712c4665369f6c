// The cache's policy: what leaves, in which order, and what never does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CacheEntry, findRoom, type RoomWanted } from './cache-policy.ts';

const entry = (key: string, bytes: number, usedAt: number, inUse = false): CacheEntry => ({
  key,
  bytes,
  usedAt,
  inUse,
});
const wanted = (more: Partial<RoomWanted>): RoomWanted => ({
  entries: [],
  limitBytes: 100,
  neededBytes: 0,
  shortBytes: 0,
  ...more,
});

describe('room in the cache', () => {
  it('is made by what was used longest ago, and by no more than needed', () => {
    const entries = [entry('new', 40, 3), entry('old', 40, 1), entry('older', 10, 0)];
    expect(findRoom(wanted({ entries, neededBytes: 20 }))).toEqual({ fits: true, evict: ['older'] });
    expect(findRoom(wanted({ entries, neededBytes: 21 }))).toEqual({ fits: true, evict: ['older', 'old'] });
  });

  it('costs nothing where there is enough', () => {
    expect(findRoom(wanted({ entries: [entry('a', 50, 1)], neededBytes: 50 }))).toEqual({ fits: true, evict: [] });
  });

  it('is made for a full disk although the limit is far', () => {
    const entries = [entry('a', 5, 1), entry('b', 5, 2)];
    expect(findRoom(wanted({ entries, shortBytes: 5 }))).toEqual({ fits: true, evict: ['a'] });
  });

  it('is not made at the cost of what is in use, and nothing is thrown away in vain', () => {
    const entries = [entry('held', 80, 0, true), entry('free', 10, 1)];
    expect(findRoom(wanted({ entries, neededBytes: 30 }))).toEqual({ fits: false, missingBytes: 0 + 20 - 10 });
  });
});

const anEntry = fc.record({
  bytes: fc.nat(50),
  usedAt: fc.nat(10),
  inUse: fc.boolean(),
});
const aWish = fc
  .record({
    entries: fc.array(anEntry, { maxLength: 12 }),
    limitBytes: fc.nat(200),
    neededBytes: fc.nat(100),
    shortBytes: fc.nat(60),
  })
  .map((wish) => ({ ...wish, entries: wish.entries.map((one, index) => ({ ...one, key: `k${index}` })) }));

describe('the policy, whatever is in the cache', () => {
  it('never evicts what is in use, keeps the limit, frees the disk, and takes the least recently used', () => {
    fc.assert(
      fc.property(aWish, (wish) => {
        const found = findRoom(wish);
        if (!found.fits) return;
        const gone = new Set(found.evict);
        const left = wish.entries.filter(({ key }) => !gone.has(key));
        const evicted = wish.entries.filter(({ key }) => gone.has(key));
        expect(evicted.every(({ inUse }) => !inUse)).toBe(true);
        expect(sum(left) + wish.neededBytes).toBeLessThanOrEqual(wish.limitBytes);
        expect(sum(evicted)).toBeGreaterThanOrEqual(wish.shortBytes);
        const newestGone = Math.max(-1, ...evicted.map(({ usedAt }) => usedAt));
        expect(left.every(({ inUse, usedAt }) => inUse || usedAt >= newestGone)).toBe(true);
      }),
    );
  });

  it('evicts one fewer only at the price of too little room', () => {
    fc.assert(
      fc.property(aWish, (wish) => {
        const found = findRoom(wish);
        if (!found.fits || found.evict.length === 0) return;
        const spared = new Set(found.evict.slice(0, -1));
        const evicted = wish.entries.filter(({ key }) => spared.has(key));
        const left = wish.entries.filter(({ key }) => !spared.has(key));
        const enough = sum(left) + wish.neededBytes <= wish.limitBytes && sum(evicted) >= wish.shortBytes;
        expect(enough).toBe(false);
      }),
    );
  });

  it('says that it does not fit only when everything that may leave is too little', () => {
    fc.assert(
      fc.property(aWish, (wish) => {
        const free = wish.entries.filter(({ inUse }) => !inUse);
        const held = wish.entries.filter(({ inUse }) => inUse);
        const possible = sum(held) + wish.neededBytes <= wish.limitBytes && sum(free) >= wish.shortBytes;
        expect(findRoom(wish).fits).toBe(possible);
      }),
    );
  });

  it('does not depend on the order of the listing', () => {
    fc.assert(
      fc.property(aWish, (wish) => {
        expect(findRoom({ ...wish, entries: wish.entries.toReversed() })).toEqual(findRoom(wish));
      }),
    );
  });
});

function sum(entries: readonly CacheEntry[]): number {
  return entries.reduce((total, { bytes }) => total + bytes, 0);
}
