// The production engine under each textbook policy does what the plain simulators do: to the millisecond, where placing has no part in it.
import { newEngine, POLICIES, type PolicyName, replay, type TraceJob } from '@baton/deploy/simulation';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cluster, Completions, ReferenceJob } from './job.ts';
import { easy, fifo, sjf, withoutPreemption } from './without-preemption.ts';

const MINUTE_MS = 60_000;
/** On one node there are no fragments. */
const CLUSTER: Cluster = { nodes: 1, gpusPerNode: 4 };

const REFERENCES = [
  ['fifo', (jobs) => withoutPreemption(jobs, CLUSTER, fifo)],
  ['easy-exact', (jobs) => withoutPreemption(jobs, CLUSTER, easy)],
  ['sjf', (jobs) => withoutPreemption(jobs, CLUSTER, sjf)],
] as const satisfies readonly (readonly [PolicyName, (jobs: readonly ReferenceJob[]) => Completions])[];

const aJob = fc.record({
  submittedAt: fc.integer({ min: 0, max: 40 }),
  /** All different, by a fifth at least: what is nearly the same length is ordered by age. */
  duration: fc.integer({ min: 0, max: 36 }).map((exponent) => Math.round(100 * 2 ** (exponent / 4))),
  gpus: fc.integer({ min: 1, max: CLUSTER.gpusPerNode }),
});
const someJobs = fc.uniqueArray(aJob, { maxLength: 30, minLength: 1, selector: ({ duration }) => duration });

/** The mean alone: it is the sum of all. */
function meanSeconds(jobs: readonly ReferenceJob[], policy: PolicyName): number {
  const trace = jobs.map(({ submittedAt, duration, gpus }, index): TraceJob => {
    const none = { user: null, group: null, className: null, limitMs: null };
    return { id: `job-${index}`, line: index + 2, submittedAt, durationMs: duration, gpus, ...none };
  });
  const { figures } = replay({
    file: 'random',
    trace,
    ...CLUSTER,
    policy: POLICIES[policy].policy,
    limits: { kind: 'exact' },
    seed: 1,
    restartCostMs: 0,
    engine: newEngine,
  });
  return figures.completionSeconds.mean;
}

describe('on one node, any jobs end on average as they do in the plain simulator under', () => {
  it.each(REFERENCES)('%s', (policy, reference) => {
    fc.assert(
      fc.property(someJobs, (drawn) => {
        const jobs = drawn
          .toSorted((a, b) => a.submittedAt - b.submittedAt)
          .map((job) => ({ ...job, submittedAt: job.submittedAt * MINUTE_MS, duration: job.duration * 600 }));
        const completions = reference(jobs);
        const mean = completions.reduce((sum, each) => sum + each, 0) / completions.length / 1_000;
        expect(meanSeconds(jobs, policy)).toBeCloseTo(mean, 6);
      }),
    );
  });
});
