// Scores of single jobs under each order, and what they never do.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aShape, aWaitingJob, HOUR_MS } from '../../testing/queue-builders.ts';
import type { WaitingJob } from './engine-model.ts';
import { boundMs, classOf, STEPS_AN_OCTAVE } from './limit-class.ts';
import { type OrderContext, overdueBy, scoreBy, sizeClassesOf, sizeOf } from './ordering.ts';

const context = (change: Partial<Policy>, now = 0, longestMs = 0): OrderContext => ({
  policy: { ...DEFAULT_POLICY, ...change },
  now,
  backlog: { longestMs: () => longestMs, devices: () => 8, runRatio: 0.4 },
});
const score = (job: WaitingJob, given: OrderContext) =>
  scoreBy(given)(sizeOf(job.shape, sizeClassesOf(job), given.policy), job);
const BY_ORDER: Policy['preemption'] = { by: 'order', minRunMs: 0 };

describe('classes of durations', () => {
  it('hold what is at most their bound, and more than the bound of the class before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.constantFrom(STEPS_AN_OCTAVE, 32),
        (ms, steps) => {
          const number = classOf(ms, steps);
          expect(boundMs(number, steps)).toBeGreaterThanOrEqual(ms * (1 - 1e-12));
          expect(number === 0 ? 0 : boundMs(number - 1, steps)).toBeLessThan(ms * (1 + 1e-12));
        },
      ),
    );
  });
});

describe('scores', () => {
  it('are alike for all in first come, first served', () => {
    const given = context({ order: 'fifo' });
    expect(score(aWaitingJob(1), given)).toBe(score(aWaitingJob(2, { limitMs: 1, servedMs: 5 }), given));
  });

  it('put the shortest first: by what was learned, else by the limit, less what it has run', () => {
    const given = context({ order: 'shortest' });
    const plain = score(aWaitingJob(1, { limitMs: 4 * HOUR_MS }), given);
    expect(score(aWaitingJob(1, { limitMs: 4 * HOUR_MS, estimateMs: HOUR_MS }), given)).toBeLessThan(plain);
    expect(score(aWaitingJob(1, { limitMs: 4 * HOUR_MS, servedMs: HOUR_MS }), given)).toBeLessThan(plain);
    expect(score(aWaitingJob(1, { limitMs: null }), given)).toBeGreaterThan(plain);
    expect(score(aWaitingJob(1, { limitMs: 4 * HOUR_MS + 1 }), given)).toBeGreaterThan(plain);
  });

  it('let a job sink to the next queue of `las` at each threshold of devices x time', () => {
    const given = context({ order: 'las', lasThresholdsDeviceSeconds: [3_600, 36_000] });
    const queue = (devices: number, servedMs: number) =>
      score(aWaitingJob(1, { shape: aShape({ devices }), servedMs }), given);
    expect([
      queue(1, 0),
      queue(1, 0.9 * HOUR_MS),
      queue(1, HOUR_MS),
      queue(8, 1.2 * HOUR_MS),
      queue(8, 2 * HOUR_MS),
    ]).toEqual([0, 0, 1, 1, 2]);
  });

  it('put small jobs first, and a large one before them once it has waited long for its size', () => {
    const given = context({}, 200 * HOUR_MS);
    const small = aWaitingJob(1, { submittedAt: 200 * HOUR_MS, limitMs: HOUR_MS });
    const large = aWaitingJob(1, { submittedAt: 200 * HOUR_MS, limitMs: 9 * HOUR_MS, shape: aShape({ devices: 8 }) });
    expect(score(small, given)).toBeLessThan(score(large, given));
    expect(score({ ...large, submittedAt: 0 }, given)).toBeLessThan(score(small, given));
  });

  it('put what runs before what is a little smaller, but not before what is much smaller', () => {
    const given = context({ preemption: BY_ORDER });
    const running = aWaitingJob(1, { submittedAt: 0, limitMs: 2 * HOUR_MS, isRunning: true });
    const little = aWaitingJob(2, { submittedAt: 0, limitMs: 1.8 * HOUR_MS });
    const much = aWaitingJob(3, { submittedAt: 0, limitMs: 0.2 * HOUR_MS });
    expect(score(running, given)).toBeLessThan(score(little, given));
    expect(score(running, given)).toBeGreaterThan(score(much, given));
  });

  it('never rise with the wait, nor are anything but numbers, whatever the load', () => {
    const job = fc.record({
      limitMs: fc.option(fc.integer({ min: 1, max: 1e12 })),
      estimateMs: fc.option(fc.integer({ min: 1, max: 1e12 })),
      servedMs: fc.nat(1e9),
      isRunning: fc.boolean(),
      shape: fc.record({ devices: fc.constantFrom(0.5, 1, 8), nodes: fc.integer({ min: 1, max: 64 }) }).map(aShape),
    });
    const order = fc.constantFrom(...(['fair-share', 'fifo', 'shortest', 'las'] as const));
    const preemption = fc.constantFrom(BY_ORDER, DEFAULT_POLICY.preemption);
    const wait = fc.integer({ min: -1e9, max: 1e12 });
    fc.assert(
      fc.property(
        job,
        fc.tuple(order, preemption),
        fc.tuple(wait, wait),
        fc.nat(1e12),
        (change, how, waits, longestMs) => {
          const [shorter, longer] = waits.toSorted((a, b) => a - b);
          const given = context({ order: how[0], preemption: how[1] }, 1e13, longestMs);
          const after = (waitMs = 0) => score(aWaitingJob(1, { ...change, submittedAt: 1e13 - waitMs }), given);
          expect(Number.isFinite(after(shorter))).toBe(true);
          expect(after(longer)).toBeLessThanOrEqual(after(shorter));
        },
      ),
    );
  });
});

describe('the bound of a wait', () => {
  it('follows the backlog, depends on the length, and is none where no promotion is wanted', () => {
    const bound = (change: Partial<Policy>, longestMs: number) =>
      overdueBy(context(change, 0, longestMs))({ base: 0, lengthMs: HOUR_MS, limitMs: 2 * HOUR_MS }, aShape());
    expect(bound({}, 0)).toBe(Infinity);
    expect(bound({}, 100 * HOUR_MS)).toBeCloseTo(63.8 * HOUR_MS);
    expect(bound({ preemption: BY_ORDER }, 100 * HOUR_MS)).toBeCloseTo(60.25 * HOUR_MS);
    expect(bound({ promoteAfterMs: 0 }, 100 * HOUR_MS)).toBe(Infinity);
    expect(bound({ order: 'shortest' }, 100 * HOUR_MS)).toBe(Infinity);
  });
});
