// What is remembered of an owner's jobs is what a look at all of them would find, whatever came and went before.
import { DEFAULT_POLICY } from '@baton/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WaitingJob } from './engine-model.ts';
import { byOrder } from './ordering.ts';
import type { OwnerQueue, ShapeQueue } from './queue-buckets.ts';
import { QueueIndex } from './queue-index.ts';
import { aShape, aWaitingJob } from '../../testing/queue-builders.ts';

const steps = fc.array(
  fc.record({
    order: fc.nat(12),
    devices: fc.constantFrom(1, 2),
    limitMs: fc.option(fc.constantFrom(10, 1_000), { freq: 4 }),
    isLeaving: fc.boolean(),
  }),
  { maxLength: 60 },
);

/** Some are submitted at one time. */
function togetherWith(order: number): number {
  return Math.floor(order / 4);
}

function queuesOf(index: QueueIndex): OwnerQueue[] {
  return [...index.classes().values()].flatMap((owners) => [...owners.values()]);
}

function oldestOf(jobs: readonly WaitingJob[]) {
  return {
    order: Math.min(...jobs.map(({ order }) => order)),
    submittedAt: Math.min(...jobs.map(({ submittedAt }) => submittedAt)),
  };
}

function headsOf({ buckets }: ShapeQueue) {
  return buckets.map(({ jobs }) => [...jobs].toSorted(byOrder)[0]?.id);
}

describe('the queue of an owner', () => {
  it('knows its oldest jobs, and the head of each bucket (property)', () => {
    const property = fc.property(steps, (drawn) => {
      const index = new QueueIndex();
      for (const { order, devices, limitMs, isLeaving } of drawn) {
        const id = `job-${order}`;
        if (isLeaving) index.remove(id);
        else index.add(aWaitingJob(order, { submittedAt: togetherWith(order), limitMs, shape: aShape({ devices }) }));
        const jobs = [...index.jobs()];
        for (const owner of queuesOf(index)) {
          expect(owner.oldest).toMatchObject(oldestOf(jobs));
          for (const [{ shape }, queue] of owner.shapes) {
            expect(queue.oldest).toMatchObject(oldestOf(jobs.filter((job) => job.shape.devices === shape.devices)));
            expect(queue.heads(DEFAULT_POLICY).map(({ job }) => job.id)).toEqual(headsOf(queue));
          }
        }
      }
    });
    fc.assert(property, { numRuns: 200, endOnFailure: true });
  });

  it('tells the sizes of its buckets under the policy that is asked for', () => {
    const index = new QueueIndex();
    index.add(aWaitingJob(1, { limitMs: 1_000 }));
    const heads = (order: 'fifo' | 'fair-share') =>
      queuesOf(index).flatMap(({ shapes }) =>
        [...shapes.values()].flatMap((queue) => queue.heads({ ...DEFAULT_POLICY, order }).map(({ base }) => base)),
      );
    expect(heads('fifo')).toEqual([0]);
    expect(heads('fair-share')).not.toEqual([0]);
    expect(heads('fifo')).toEqual([0]);
  });
});
