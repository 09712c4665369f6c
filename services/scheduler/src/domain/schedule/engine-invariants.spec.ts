// Whatever happens, and in whatever order: what the engine never does. Each property goes through thousands of steps.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineHistory, POLICIES, steps } from '../../testing/engine-history.ts';

const CLASSES = ['normal', 'normal', 'scavenger', 'urgent'];
const HOUR = 3_600_000;
const timeout = 60_000;
const isOfPromises = (fault: string) => /promise|starve|in vain/.test(fault);
const entries = Object.entries(POLICIES);

describe('through every change of jobs, nodes, bookings, policies and clocks', () => {
  it.each(entries)(
    'nothing is given twice or to whom it may not be, and plans are repeatable: %s (property)',
    { timeout },
    (_, policy) => {
      fc.assert(
        fc.property(steps('wild', CLASSES), (drawn) => {
          const history = new EngineHistory(policy, [policy, ...Object.values(POLICIES)]);
          for (const step of drawn) {
            history.do(step);
            expect(history.faults.filter((fault) => !isOfPromises(fault))).toEqual([]);
          }
        }),
        { numRuns: 4, endOnFailure: true },
      );
    },
  );
});

describe('without loss of nodes, bookings, changes of policy and higher classes', () => {
  it.each(entries.filter(([name]) => name !== 'guarantees'))(
    'a promised start never moves later, and every job comes to its end: %s (property)',
    { timeout },
    (_, policy) => {
      fc.assert(
        fc.property(steps('calm'), (drawn) => {
          // Who is at a quota waits for it, and below what is guaranteed others go first.
          const fitsQuota = policy.quotas.length === 0;
          const history = new EngineHistory(policy);
          const { world, promisedBy } = history;
          for (const step of drawn) {
            history.do(step);
            expect(history.faults.filter((fault) => fitsQuota || !fault.includes('starve'))).toEqual([]);
            const late = [...promisedBy].filter(([id, at]) => world.queued.has(id) && at < world.now);
            expect(late).toEqual([]);
          }
          // Some jobs are larger than the quota of their owner.
          expect(!fitsQuota || history.drain(4 * HOUR)).toBe(true);
        }),
        { numRuns: 4, endOnFailure: true },
      );
    },
  );
});

describe('where jobs are stopped for others', () => {
  it.each(entries.filter(([, { quotas }]) => quotas.length === 0))(
    'only who may be is, after the time that is theirs, and nobody twice: %s (property)',
    { timeout },
    (_, policy) => {
      let preemptions = 0;
      const property = fc.property(steps('calm', CLASSES), (drawn) => {
        const history = new EngineHistory(policy);
        for (const step of drawn) {
          history.do(step);
          expect(history.faults.filter((fault) => !isOfPromises(fault))).toEqual([]);
        }
        preemptions += history.preemptions;
      });
      // A few histories may have none.
      for (let round = 0; round < 20 && preemptions === 0; round += 1)
        fc.assert(property, { numRuns: 4, endOnFailure: true });
      expect(preemptions).toBeGreaterThan(0);
    },
  );
});
