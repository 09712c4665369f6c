// The list in pieces behaves as a sorted array does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aWaitingJob } from '../../testing/queue-builders.ts';
import type { WaitingJob } from './engine-model.ts';
import { JobList } from './job-list.ts';
import { byOrder } from './ordering.ts';

function all(list: JobList): string[] {
  const ids: string[] = [];
  const place = { piece: 0, index: 0 };
  for (let job = list.at(place); job; job = list.at(place)) {
    ids.push(job.id);
    list.advance(place);
  }
  return ids;
}

describe('the list of jobs', () => {
  it('equals a sorted array after any adds and removes, in few and in many pieces', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 4_000 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.constantFrom(0, 2_000), (steps, atFirst) => {
        const list = new JobList();
        const naive = new Map<string, WaitingJob>();
        const add = (order: number) => {
          const job = aWaitingJob(order);
          if (naive.has(job.id)) return;
          list.add(job);
          naive.set(job.id, job);
        };
        for (let order = 0; order < atFirst; order += 1) add(2 * order);
        for (const [order, isRemoval] of steps) {
          if (!isRemoval) add(order);
          const wasThere = isRemoval && naive.delete(`job-${order}`);
          expect(isRemoval && list.remove(aWaitingJob(order))).toBe(wasThere);
        }
        const sorted = [...naive.values()].toSorted(byOrder);
        expect(all(list)).toEqual(sorted.map((job) => job.id));
        expect(list.size).toBe(sorted.length);
        expect(list.first?.id).toBe(sorted[0]?.id);
        const bound = steps[0]?.[0] ?? 0;
        const isBefore = (job: WaitingJob) => job.order < bound;
        expect(list.countWhile(isBefore)).toBe(sorted.filter(isBefore).length);
      }),
      { numRuns: 50 },
    );
  });
});
