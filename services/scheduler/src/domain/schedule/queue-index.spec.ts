// The queue's order: total, the same as a naive sort's, the same however the queue came to be, and starving nobody.
import { DEFAULT_POLICY, type Policy } from '@baton/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NaiveWalk } from '../../testing/naive-walk.ts';
import { anOwner, aShape, aView, aWaitingJob, HOUR_MS } from '../../testing/queue-builders.ts';
import type { WaitingJob } from './engine-model.ts';
import { allDevices, engineShapeKey } from './engine-shape.ts';
import { UsageLedger } from './fair-share.ts';
import { classOf } from './limit-class.ts';
import { sizeClassesOf, sizeKey } from './ordering.ts';
import { ownerKeyOf } from './owner-key.ts';
import { QueueIndex } from './queue-index.ts';
import { QuotaBook } from './quotas.ts';
import type { OrderView } from './walk-standings.ts';

const NOW = 30 * 24 * HOUR_MS;
const owners = [anOwner('ann', 'vision'), anOwner('bob', 'vision'), anOwner('cat'), anOwner('dan', 'speech')];
const shapes = [aShape(), aShape({ devices: 4 }), aShape({ nodes: 2, devices: 8 }), aShape({ deviceKind: 'cpu' })];

const someJobs = fc
  .array(
    fc.record({
      owner: fc.constantFrom(...owners, ...owners.slice(2)),
      shape: fc.constantFrom(...shapes),
      className: fc.constantFrom('urgent', 'normal', 'normal', 'scavenger', 'forgotten'),
      limitMs: fc.option(fc.integer({ min: 1_000, max: 100 * HOUR_MS })),
      estimateMs: fc.option(fc.integer({ min: 1_000, max: 100 * HOUR_MS }), { freq: 1 }),
      servedMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 * HOUR_MS })),
      isRunning: fc.boolean(),
      pauseMs: fc.integer({ min: 0, max: 20 * HOUR_MS }),
    }),
    { maxLength: 40, size: '+1' },
  )
  .map((all) => {
    let submittedAt = 0;
    return all.map(({ pauseMs, ...change }, index) => {
      submittedAt += pauseMs;
      return aWaitingJob(index + 1, { ...change, submittedAt });
    });
  });

const somePolicy: fc.Arbitrary<Policy> = fc
  .record({
    order: fc.constantFrom(...(['fair-share', 'fair-share', 'fair-share', 'fifo', 'shortest', 'las'] as const)),
    promoteAfterMs: fc.constantFrom(0, 20 * 24 * HOUR_MS, 40 * 24 * HOUR_MS, 1),
    fairShare: fc.constantFrom(DEFAULT_POLICY.fairShare, {
      ...DEFAULT_POLICY.fairShare,
      groups: { vision: 3 },
      users: { bob: 2 },
    }),
    quotas: fc.constantFrom<Policy['quotas']>(
      [],
      [{ of: { userId: 'cat' }, guaranteedGpus: 9 }],
      [{ of: { groupId: 'vision' }, guaranteedGpus: 5 }],
    ),
    preemption: fc.constantFrom(DEFAULT_POLICY.preemption, { by: 'order' as const, minRunMs: 0 }),
  })
  .map((change) => ({ ...DEFAULT_POLICY, ...change }));

const someBacklogMs = fc.constantFrom(0, 24 * HOUR_MS, 20 * 24 * HOUR_MS, 60 * 24 * HOUR_MS);
const someUse = fc.array(fc.tuple(fc.constantFrom(...owners), fc.integer({ min: 0, max: 30 * HOUR_MS })), {
  maxLength: 3,
});

interface Circumstances {
  readonly policy: Policy;
  readonly use: readonly (readonly [WaitingJob['owner'], number])[];
  readonly backlogMs: number;
  readonly areGangsReady: boolean;
}

const someCircumstances: fc.Arbitrary<Circumstances> = fc.record({
  policy: somePolicy,
  use: someUse,
  backlogMs: someBacklogMs,
  areGangsReady: fc.boolean(),
});

function viewOf({ policy, use, backlogMs, areGangsReady }: Circumstances) {
  const backlog = {
    longestMs: (kind: string) => (kind === 'gpu' ? backlogMs : 0),
    devices: () => 1_000,
    runRatio: 0.4,
  };
  const view = { ...aView(policy, NOW), backlog, isGangReady: () => areGangsReady };
  for (const [owner, deviceMs] of use) view.usage.charge(owner, deviceMs, NOW);
  return view;
}

function indexOf(jobs: Iterable<WaitingJob>): QueueIndex {
  const index = new QueueIndex();
  for (const job of jobs) index.add(job);
  return index;
}

function walked(index: QueueIndex, view: OrderView): string[] {
  const walk = index.walk(view);
  const ids: string[] = [];
  for (let job = walk.next(); job; job = walk.next()) ids.push(job.id);
  return ids;
}

describe('the order of the queue', () => {
  it('is total, and that of a naive sort', () => {
    fc.assert(
      fc.property(someJobs, someCircumstances, (jobs, given) => {
        const view = viewOf(given);
        const naive = new NaiveWalk(jobs, view);
        const expected = jobs.map(() => naive.next()?.id);
        expect(walked(indexOf(jobs), view)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('follows starts, blocked buckets, shapes and owners as a naive sort does', () => {
    const word = fc.constantFrom(...(['taken', 'taken', 'pass', 'bucket', 'shape', 'limit', 'owner'] as const));
    fc.assert(
      fc.property(someJobs, someCircumstances, fc.array(word, { maxLength: 60 }), (jobs, given, words) => {
        const view = viewOf(given);
        const walk = indexOf(jobs).walk(view);
        const naive = new NaiveWalk(jobs, view);
        const limitClass = (job: WaitingJob) => classOf(job.limitMs ?? view.policy.backfill.defaultTimeLimitMs);
        const drop = (isOut: (job: WaitingJob) => boolean) => (naive.left = naive.left.filter((job) => !isOut(job)));
        for (const each of words) {
          const job = walk.next();
          expect(job?.id).toBe(naive.next()?.id);
          if (!job) break;
          const key = engineShapeKey(job.shape);
          if (each === 'taken') {
            view.quotas.started(job.owner, job.shape);
            walk.taken();
            naive.taken();
          } else if (each === 'bucket') {
            walk.blockBucket();
            const bucket = ({ className, owner, shape, ...sizes }: WaitingJob) =>
              [
                className,
                ownerKeyOf(owner),
                engineShapeKey(shape),
                sizeKey(sizeClassesOf({ ...job, ...sizes })),
              ].join();
            drop((other) => bucket(other) === bucket(job));
          } else if (each === 'shape') {
            walk.blockShape(key);
            drop((other) => engineShapeKey(other.shape) === key);
          } else if (each === 'limit') {
            walk.blockShape(key, job.limitMs ?? view.policy.backfill.defaultTimeLimitMs);
            drop((other) => engineShapeKey(other.shape) === key && limitClass(other) >= limitClass(job));
          } else if (each === 'owner') {
            const least = allDevices(job.shape);
            walk.blockOwner(job.owner, job.shape.deviceKind, least);
            drop(
              ({ owner, shape }) =>
                ownerKeyOf(owner) === ownerKeyOf(job.owner) &&
                shape.deviceKind === job.shape.deviceKind &&
                allDevices(shape) >= least,
            );
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('tells each place, and who stands before, as a walk does', () => {
    fc.assert(
      fc.property(someJobs, someCircumstances, (jobs, given) => {
        const view = viewOf(given);
        const index = indexOf(jobs);
        const order = walked(index, view);
        for (const [place, id] of order.entries()) {
          expect(index.position(id, view)).toBe(place + 1);
          expect(index.ahead(id, view, 7)).toEqual(order.slice(0, Math.min(place, 7)));
        }
        expect(index.position('job-none', view)).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for a queue that came about by adds and removes and for one that is built anew', () => {
    const removals = fc.array(fc.tuple(fc.nat(39), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(someJobs, someCircumstances, removals, (jobs, given, steps) => {
        const view = viewOf(given);
        const index = indexOf(jobs);
        const left = new Map(jobs.map((job) => [job.id, job]));
        for (const [number, comesBack] of steps) {
          const job = jobs[number % Math.max(1, jobs.length)];
          if (!job) continue;
          walked(index, view);
          index.remove(job.id);
          left.delete(job.id);
          // A retry: in its old place, with what it was served meanwhile.
          const retried = { ...job, nextAttempt: job.nextAttempt + 1, servedMs: job.servedMs + HOUR_MS };
          if (comesBack) {
            index.add(retried);
            left.set(retried.id, retried);
          }
        }
        const rebuilt = indexOf(left.values());
        expect(walked(index, view)).toEqual(walked(rebuilt, view));
        expect(index.size).toBe(left.size);
        expect([...index.shapes()].map(({ key }) => key).toSorted()).toEqual(
          [...rebuilt.shapes()].map(({ key }) => key).toSorted(),
        );
      }),
    );
  });

  it('gives no job of a shape that is not open', () => {
    fc.assert(
      fc.property(someJobs, someCircumstances, (jobs, given) => {
        const view = viewOf(given);
        const walk = indexOf(jobs).walk(view, ({ shape }) => shape.devices === 1);
        const ids: string[] = [];
        for (let job = walk.next(); job; job = walk.next()) ids.push(job.id);
        const open = new Set(jobs.filter((job) => job.shape.devices === 1).map((job) => job.id));
        expect(ids).toEqual(walked(indexOf(jobs), view).filter((id) => open.has(id)));
      }),
    );
  });

  it('gives all that is open, whatever is blocked beside it', () => {
    const [one, wide] = [aShape(), aShape({ devices: 4 })];
    const walk = indexOf([aWaitingJob(1, { shape: one }), aWaitingJob(2, { shape: wide })]).walk(
      aView(),
      ({ shape: { devices } }) => devices === 1,
    );
    walk.blockShape(engineShapeKey(wide));
    expect(walk.next()?.id).toBe('job-1');
  });

  it('gives jobs in line in their places among those that wait', () => {
    fc.assert(
      fc.property(someJobs, someCircumstances, fc.array(fc.boolean()), (jobs, given, inLine) => {
        const view = viewOf(given);
        const index = indexOf(jobs.filter((_, number) => inLine[number] !== true));
        for (const [number, job] of jobs.entries()) if (inLine[number] === true) index.line(job);
        const walk = index.walkWithLines(view, () => true);
        const ids: string[] = [];
        for (let job = walk.next(); job; job = walk.next()) ids.push(job.id);
        expect(ids).toEqual(walked(indexOf(jobs), view));
      }),
      { numRuns: 60 },
    );
  });

  it('shares a pass among those who have used alike, rather than giving all of it to the first', () => {
    const jobs = Array.from({ length: 30 }, (_, index) =>
      aWaitingJob(index + 1, { owner: anOwner(index < 20 ? 'ann' : index < 25 ? 'bob' : 'cat') }),
    );
    const walk = indexOf(jobs).walk(aView());
    const given: string[] = [];
    for (let job = walk.next(); job && given.length < 6; job = walk.next()) {
      given.push(job.owner.userId);
      walk.taken();
    }
    expect(given).toEqual(['ann', 'bob', 'cat', 'ann', 'bob', 'cat']);
  });

  it('keeps one object for equal shapes and owners', () => {
    const index = new QueueIndex();
    const first = index.add(aWaitingJob(1));
    const second = index.add(aWaitingJob(2));
    expect(second.shape).toBe(first.shape);
    expect(second.owner).toBe(first.owner);
  });

  it('knows the jobs that were promised a start', () => {
    const index = new QueueIndex();
    const reservation = { nodeIds: ['n'], at: 5 };
    index.add(aWaitingJob(1));
    index.add(aWaitingJob(2, { reservation }));
    index.add(aWaitingJob(1, { reservation }));
    index.add(aWaitingJob(2));
    expect([...index.reserved()].map(({ id }) => id)).toEqual(['job-1']);
  });
});

describe('waiting', () => {
  it('has an end for each job under promotion, whatever others submit: at most those before it go first', () => {
    const arrivals = fc.array(fc.tuple(fc.constantFrom(...owners), fc.integer({ min: 1, max: 4 })), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 20 }), (flood, promoteAfterHours) => {
        const policy = { ...DEFAULT_POLICY, promoteAfterMs: promoteAfterHours * HOUR_MS };
        const usage = new UsageLedger(policy.fairShare.halfLifeMs);
        const victim = aWaitingJob(1, { owner: anOwner('eve'), limitMs: 100 * HOUR_MS, submittedAt: 0 });
        usage.charge(victim.owner, 1e12, 0);
        const index = indexOf([victim]);
        let order = 1;
        let now = 0;
        for (; index.get(victim.id) && now < 1_000 * HOUR_MS; now += HOUR_MS) {
          for (const [owner, count] of flood) {
            for (let each = 0; each < count; each += 1) {
              index.add(aWaitingJob((order += 1), { owner, limitMs: HOUR_MS, submittedAt: now }));
            }
          }
          // One start an hour: everybody else's are smaller, and by owners who have used less.
          const walk = index.walk({ policy, usage, quotas: new QuotaBook([]), now });
          const job = walk.next();
          if (job) index.remove(job.id);
        }
        expect(index.get(victim.id)).toBeUndefined();
        expect(now).toBeLessThanOrEqual((promoteAfterHours + 2) * HOUR_MS);
      }),
      { numRuns: 30 },
    );
  });
});
