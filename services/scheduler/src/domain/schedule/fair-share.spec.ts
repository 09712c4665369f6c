// Decayed use: exact against a naive sum, and the same however it is arrived at.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anOwner, HOUR_MS } from '../../testing/queue-builders.ts';
import type { Owner } from './engine-model.ts';
import { type Shares, UsageLedger } from './fair-share.ts';

const HALF_LIFE_MS = 24 * HOUR_MS;
const EQUAL: Shares = { groups: {}, users: {} };
const [ann, bob, cat] = [anOwner('ann', 'vision'), anOwner('bob', 'vision'), anOwner('cat')];
const owners = [ann, bob, cat, anOwner('ann')];

type Step =
  | { readonly do: 'charge'; readonly owner: Owner; readonly amount: number }
  | { readonly do: 'begin'; readonly job: string; readonly owner: Owner; readonly amount: number }
  | { readonly do: 'end'; readonly job: string };
const owner = fc.constantFrom(...owners);
const job = fc.constantFrom('a', 'b', 'c', 'd');
const amount = fc.integer({ min: 1, max: 64 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('charge' as const), owner, amount }),
  fc.record({ do: fc.constant('begin' as const), job, owner, amount }),
  fc.record({ do: fc.constant('end' as const), job }),
);
/** The clock may be put back. */
const history = (minPause: number) =>
  fc.array(fc.tuple(step, fc.integer({ min: minPause, max: 40 * HOUR_MS })), { maxLength: 40 });
type History = readonly (readonly [Step, number])[];

function apply(ledger: UsageLedger, steps: History, from = 0): number {
  let now = from;
  for (const [each, pauseMs] of steps) {
    now += pauseMs;
    if (each.do === 'charge') ledger.charge(each.owner, each.amount * HOUR_MS, now);
    else if (each.do === 'begin') ledger.begin(each.job, each.owner, each.amount, now);
    else ledger.end(each.job, now);
  }
  return now;
}

/** The definition: each device-millisecond counts half for each half-life since. */
function naiveUse(steps: History, halfLifeMs: number, counts: (owner: Owner) => boolean): number {
  const charges: [number, number][] = [];
  const spans: [devices: number, from: number, to: number][] = [];
  const running = new Map<string, [Owner, number, number]>();
  let now = 0;
  for (const [each, pauseMs] of steps) {
    now += pauseMs;
    if (each.do === 'charge' && counts(each.owner)) charges.push([each.amount * HOUR_MS, now]);
    if (each.do === 'begin' && !running.has(each.job)) running.set(each.job, [each.owner, each.amount, now]);
    if (each.do === 'end') {
      const [who, devices, since] = running.get(each.job) ?? [ann, 0, now];
      if (counts(who)) spans.push([devices, since, now]);
      running.delete(each.job);
    }
  }
  for (const [who, devices, since] of running.values()) if (counts(who)) spans.push([devices, since, now]);
  const decay = (at: number) => 2 ** ((at - now) / halfLifeMs);
  const ofSpans = spans.map(([devices, from, to]) => (devices * halfLifeMs * (decay(to) - decay(from))) / Math.LN2);
  return [...charges.map(([deviceMs, at]) => deviceMs * decay(at)), ...ofSpans].reduce((sum, each) => sum + each, 0);
}

describe('the ledger of use', () => {
  it('counts half of what was used a half-life ago', () => {
    const ledger = new UsageLedger(HALF_LIFE_MS);
    ledger.charge(ann, 1_000, 0);
    expect(ledger.usageOf(ann, HALF_LIFE_MS)).toEqual({ group: 500, user: 500 });
    expect(ledger.usageOf(bob, HALF_LIFE_MS)).toEqual({ group: 500, user: 0 });
  });

  it('counts a running job by itself, and never for less than nothing', () => {
    const ledger = new UsageLedger(1e6 * HALF_LIFE_MS);
    ledger.begin('a', cat, 8, 1_000_000);
    expect(ledger.usageOf(cat, 2_000_000).user).toBeCloseTo(8_000_000, -2);
    expect(ledger.usageOf(cat, 500_000).user).toBe(0);
    ledger.end('a', 900_000);
    expect(ledger.usageOf(cat, 2_000_000)).toEqual({ group: 0, user: 0 });
  });

  it('takes no notice of a second begin, nor of the end of a job that does not run', () => {
    const ledger = new UsageLedger(HALF_LIFE_MS);
    ledger.begin('a', ann, 1, 0);
    const before = ledger.snapshot();
    ledger.begin('a', bob, 4, 10);
    ledger.end('b', 10);
    expect(ledger.snapshot()).toEqual(before);
  });

  it('equals the sum over all that was used, also where the epoch has moved meanwhile', () => {
    const halfLife = fc.constantFrom(HALF_LIFE_MS, HOUR_MS / 4);
    fc.assert(
      fc.property(history(0), halfLife, (steps, halfLifeMs) => {
        const ledger = new UsageLedger(halfLifeMs);
        const now = apply(ledger, steps);
        for (const each of owners) {
          const isSame = (other: Owner) => other.groupId === each.groupId && other.userId === each.userId;
          const ofUser = naiveUse(steps, halfLifeMs, isSame);
          const ofGroup =
            each.groupId === null ? ofUser : naiveUse(steps, halfLifeMs, (other) => other.groupId === each.groupId);
          const { user, group } = ledger.usageOf(each, now);
          expect(Math.abs(user - ofUser)).toBeLessThanOrEqual(1e-6 * ofUser + 1e-3);
          expect(Math.abs(group - ofGroup)).toBeLessThanOrEqual(1e-6 * ofGroup + 1e-3);
        }
      }),
    );
  });

  it('is the same whether it was kept all along or restored on the way', () => {
    fc.assert(
      fc.property(history(-HOUR_MS), history(-HOUR_MS), (first, second) => {
        const kept = new UsageLedger(HALF_LIFE_MS);
        const now = apply(kept, first);
        const restored = UsageLedger.restore(structuredClone(kept.snapshot()));
        apply(kept, second, now);
        apply(restored, second, now);
        expect(restored.snapshot()).toEqual(kept.snapshot());
      }),
    );
  });

  it('lets no passing of time change who has used less, over decades and moves of the epoch', () => {
    const charges = fc.array(fc.tuple(owner, fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 0, max: 1e10 })));
    fc.assert(
      fc.property(
        charges,
        owner,
        owner,
        fc.array(fc.integer({ min: 0, max: 1e10 }), { maxLength: 8 }),
        (all, a, b, pauses) => {
          const ledger = new UsageLedger(HALF_LIFE_MS);
          for (const [each, deviceMs, at] of all) ledger.charge(each, deviceMs, at);
          let now = 1e10;
          const first = Math.sign(ledger.compare(a, b, now, EQUAL));
          for (const pause of pauses) {
            now += pause;
            const later = Math.sign(ledger.compare(a, b, now, EQUAL));
            // What has decayed to nothing is forgotten at last.
            const isForgotten =
              later === 0 && Math.max(ledger.usageOf(a, now).group, ledger.usageOf(b, now).group) < 1e-6;
            expect(isForgotten ? first : later).toBe(first);
          }
        },
      ),
    );
  });

  it('holds no number that is not finite after jumps of the clock by centuries, forwards and backwards', () => {
    const jump = fc.integer({ min: -1e13, max: 1e13 });
    fc.assert(
      fc.property(fc.array(fc.tuple(step, jump), { maxLength: 20 }), (steps) => {
        const ledger = new UsageLedger(60_000);
        const now = apply(ledger, steps);
        ledger.setHalfLife(HALF_LIFE_MS, now);
        for (const each of owners) {
          const { user, group } = ledger.usageOf(each, now);
          expect(user).toBeGreaterThanOrEqual(0);
          expect(group).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(user + group)).toBe(true);
        }
      }),
    );
  });

  it('keeps what was used when the half-life changes', () => {
    const ledger = new UsageLedger(HALF_LIFE_MS);
    ledger.charge(ann, 1_000, 0);
    ledger.setHalfLife(2 * HALF_LIFE_MS, HALF_LIFE_MS);
    expect(ledger.usageOf(ann, HALF_LIFE_MS).user).toBeCloseTo(500);
    expect(ledger.usageOf(ann, 3 * HALF_LIFE_MS).user).toBeCloseTo(250);
  });

  it('counts what runs by the old half-life until it changes, and by the new one from then on', () => {
    const at = 3 * HALF_LIFE_MS;
    const ledger = new UsageLedger(HALF_LIFE_MS);
    ledger.begin('a', ann, 2, 0);
    const before = ledger.usageOf(ann, at).user;
    ledger.setHalfLife(2 * HALF_LIFE_MS, at);
    expect(ledger.usageOf(ann, at).user / before).toBeCloseTo(1, 9);
    const since = (2 * 2 * HALF_LIFE_MS * 0.5) / Math.LN2;
    expect(ledger.usageOf(ann, at + 2 * HALF_LIFE_MS).user / (before / 2 + since)).toBeCloseTo(1, 9);
  });

  it('compares groups by their shares first, then users inside the group', () => {
    const ledger = new UsageLedger(HALF_LIFE_MS);
    ledger.charge(ann, 3_000, 0);
    ledger.charge(bob, 1_000, 0);
    ledger.charge(cat, 2_000, 0);
    expect(ledger.compare(bob, cat, 0, EQUAL)).toBeGreaterThan(0);
    expect(ledger.compare(bob, cat, 0, { groups: { vision: 3 }, users: {} })).toBeLessThan(0);
    expect(ledger.compare(ann, bob, 0, EQUAL)).toBeGreaterThan(0);
    expect(ledger.compare(ann, bob, 0, { groups: {}, users: { ann: 4 } })).toBeLessThan(0);
  });
});
