// The same jobs again, under a policy and on nodes: each as long as it ran, by the production engine with a fake clock. Pure.
import type { Policy } from '@baton/contracts';
import type { EngineNode } from '../schedule/engine-model.ts';
import { Engine } from '../schedule/engine.ts';
import { type LedgerSnapshot, UsageLedger } from '../schedule/fair-share.ts';
import type { SimulatedJob } from '../simulation/simulated-job.ts';
import { simulating } from '../simulation/simulation.ts';
import type { JobFacts } from './job-facts.ts';

/** With all that is needed to play it. */
export interface ReplayJob {
  readonly facts: JobFacts;
  /** From then on it could have been placed. */
  readonly eligibleAt: number;
  readonly durationMs: number;
}

export interface ReplayWindow {
  readonly since: number;
  /** What was used before. */
  readonly usage: LedgerSnapshot;
  readonly jobs: readonly ReplayJob[];
}

/** As on a real cluster, what was stopped takes a moment to go on. */
const RESTART_COST_MS = 30_000;

/** When each job starts; those that never do are not there. A step at a time. */
export function* replayWindow(
  { since, usage, jobs }: ReplayWindow,
  policy: Policy,
  nodes: readonly EngineNode[],
): Generator<undefined, ReadonlyMap<string, number>> {
  const engine = new Engine(policy, UsageLedger.restore(usage));
  engine.setPolicy(policy, since);
  const { outcomes } = yield* simulating(
    jobs.map((job) => simulatedJob(job, policy)),
    engine,
    {
      nodes,
      placed: jobs.flatMap(({ facts }) => facts.placed ?? []),
      restartCostMs: RESTART_COST_MS,
      startAt: since,
      mayStick: true,
    },
  );
  return new Map(outcomes.map(({ job, firstStartedAt }) => [job.id, firstStartedAt] as const));
}

function simulatedJob({ facts, eligibleAt, durationMs }: ReplayJob, { defaultClass }: Policy): SimulatedJob {
  const { job, namedClass } = facts;
  const { order, nextAttempt, servedMs, graceMs } = job;
  return {
    ...job,
    className: namedClass ?? defaultClass,
    durationMs,
    arrivesAt: eligibleAt,
    present: { order, nextAttempt, servedMs, graceMs, reservation: null },
  };
}
