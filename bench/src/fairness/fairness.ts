// What a greedy user does to the others: fair share beside first come first served, both measured against the ideal.
import { alikeNodes, newEngine, POLICIES, simulate } from '@baton/deploy/simulation';
import { type Benchmark, type Figures, quantile } from '../benchmark.ts';
import { note } from '../platform.ts';
import { idealShares } from './ideal-share.ts';
import { attained, jainsIndex, largestLag, servedShares } from './lag.ts';
import { GPUS, HORIZON_MS, isGreedy, jobsOf, type Load, LOADS, USERS } from './load.ts';

const GPUS_PER_NODE = 8;
const SEED = 1;
const HOUR_MS = 3_600_000;
const SIDES = { FairShare: POLICIES.default.policy, Fifo: POLICIES.fifo.policy } as const;

export const fairness: Benchmark = {
  method:
    `Nine users submit jobs at random for 24 hours and a tenth all of theirs at the start, for ${GPUS} GPUs, through the production engine with a fake clock: ` +
    'under fair share (the default policy) and under strict first come first served. The ideal divides GPUs at will, so that at each instant ' +
    "everybody has the same, or all that they can use. Jain's index is over what each user got in the 24 hours as a part of the ideal; the lag is " +
    "the most GPU-hours that a user's service lay behind the ideal at any instant. In flood the greedy user's jobs are like everybody's, in tiny " +
    'they take 5 minutes of one GPU, in wide 4 hours of 8; in saturated the others, too, ask for half more than their share.',
  targets: Object.keys(LOADS).map((name) => ({ figure: `${name}FairShareJainRatio`, op: '>=', value: 0.95 })),
  run: async () => Object.assign({}, ...Object.entries(LOADS).map(([name, load]) => measured(name, load))) as Figures,
};

function measured(name: string, load: Load): Figures {
  const jobs = jobsOf(load, SEED);
  const nodes = alikeNodes(GPUS / GPUS_PER_NODE, GPUS_PER_NODE);
  const ideal = idealShares(jobs, GPUS);
  const figures: Record<string, number> = {};
  for (const [side, policy] of Object.entries(SIDES)) {
    const { outcomes } = simulate(jobs, newEngine(policy), { nodes, restartCostMs: 0 });
    const served = servedShares(outcomes);
    const waits = outcomes
      .filter(({ job }) => !isGreedy(job))
      .map(({ job, firstStartedAt }) => firstStartedAt - job.submittedAt);
    const lagGpuHours = largestLag(ideal, served, HORIZON_MS) / HOUR_MS;
    Object.assign(figures, {
      [`${name}${side}JainRatio`]: jainsIndex(attained(ideal, served, HORIZON_MS)),
      [`${name}${side}LargestLagGpuHours`]: lagGpuHours,
      [`${name}${side}LargestLagHours`]: lagGpuHours / (GPUS / USERS),
      [`${name}${side}OthersWaitP50Minutes`]: quantile(waits, 0.5) / 60_000,
      [`${name}${side}OthersWaitP99Minutes`]: quantile(waits, 0.99) / 60_000,
    });
  }
  note(
    `${name}: ${jobs.length} jobs\n${Object.entries(figures)
      .map(([key, value]) => `  ${key} ${value.toFixed(3)}`)
      .join('\n')}`,
  );
  return figures;
}
