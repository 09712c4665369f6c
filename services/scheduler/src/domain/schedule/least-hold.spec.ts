// The least that a shape's jobs ask for: nobody asks for less, whoever came and went.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aShape, aWaitingJob } from '../../testing/queue-builders.ts';
import { QueueIndex } from './queue-index.ts';

const DEFAULT_MS = 5_000;
const holdMs = (limitMs: number | null, graceMs: number) => (limitMs ?? DEFAULT_MS) + graceMs;
const shape = aShape();

const someJob = fc.record({
  number: fc.nat(12),
  limitMs: fc.option(fc.integer({ min: 1, max: 10_000 }), { freq: 4 }),
  graceMs: fc.constantFrom(0, 1_000),
  owner: fc.constantFrom('usr_a', 'usr_b'),
});

describe('the least hold of a shape', () => {
  it('is that of the job that asks for the shortest time, where all have the same grace (property)', () => {
    fc.assert(
      fc.property(fc.array(someJob, { maxLength: 40 }), (changes) => {
        const index = new QueueIndex();
        for (const { number, limitMs, owner } of changes) {
          const job = aWaitingJob(number, { shape, limitMs, owner: { userId: owner, groupId: null }, graceMs: 1_000 });
          if (index.remove(job.id) === undefined) index.add(job);
          const least = Math.min(...[...index.jobs()].map((each) => holdMs(each.limitMs, each.graceMs)));
          expect(leastOf(index)).toBe(least);
        }
      }),
    );
  });

  it('is never more than anybody asks for (property)', () => {
    fc.assert(
      fc.property(fc.array(someJob, { maxLength: 40 }), (changes) => {
        const index = new QueueIndex();
        for (const { number, limitMs, graceMs } of changes) {
          const job = aWaitingJob(number, { shape, limitMs, graceMs });
          if (index.remove(job.id) === undefined) index.add(job);
          for (const each of index.jobs())
            expect(leastOf(index)).toBeLessThanOrEqual(holdMs(each.limitMs, each.graceMs));
        }
      }),
    );
  });
});

function leastOf(index: QueueIndex): number {
  const [entry] = index.shapes();
  return entry ? entry.least.queues.ms(DEFAULT_MS) : Infinity;
}
