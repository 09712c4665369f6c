// Policies that place everything anew at each event, in their order, as if moving a job cost nothing: SRTF and two-dimensional LAS.
import { FreeNodes } from './free-nodes.ts';
import type { Cluster, Completions, ReferenceJob } from './job.ts';

const TOLERANCE = 1e-6;

interface Active {
  readonly job: ReferenceJob;
  served: number;
  runs: boolean;
}

export interface RepackingOrder {
  /** Lower goes first; ties by submission. */
  readonly rank: (active: Active) => number;
  /** How much longer it may be served before its rank changes by leaps; infinity if it never does. */
  readonly untilChange: (active: Active) => number;
}

export const srtf: RepackingOrder = {
  rank: ({ job, served }) => job.duration - served,
  untilChange: () => Infinity,
};

/** Queues by attained GPU time, first come first served inside each: Tiresias. */
export function twoDimensionalLas(thresholds: readonly number[]): RepackingOrder {
  const queueOf = ({ job, served }: Active) => {
    const index = thresholds.findIndex((limit) => served * job.gpus < limit - TOLERANCE);
    return index === -1 ? thresholds.length : index;
  };
  return {
    rank: queueOf,
    untilChange: (active) => (thresholds[queueOf(active)] ?? Infinity) / active.job.gpus - active.served,
  };
}

export function repacking(jobs: readonly ReferenceJob[], cluster: Cluster, order: RepackingOrder): Completions {
  const arriving = jobs.toSorted((a, b) => a.submittedAt - b.submittedAt);
  const completions = new Map<ReferenceJob, number>();
  let active: Active[] = [];
  let now = 0;
  let next = 0;
  while (next < arriving.length || active.length > 0) {
    const running = active.filter(({ runs }) => runs);
    const change = running.reduce((least, one) => Math.min(least, now + untilNext(one, order)), Infinity);
    const then = Math.min(change, arriving[next]?.submittedAt ?? Infinity);
    for (const one of running) {
      serve(one, then - now);
      if (one.served >= one.job.duration) completions.set(one.job, then - one.job.submittedAt);
    }
    now = then;
    active = active.filter(({ job }) => !completions.has(job));
    for (; (arriving[next]?.submittedAt ?? Infinity) <= now; next += 1) {
      const job = arriving[next];
      if (job) active.push({ job, served: 0, runs: false });
    }
    place(active, cluster, order);
  }
  return jobs.map((job) => completions.get(job) ?? Number.NaN);
}

function untilNext(one: Active, { untilChange }: RepackingOrder): number {
  return Math.min(one.job.duration - one.served, untilChange(one));
}

/** What is all but done is done: of fractions of a second some last bits are lost. */
function serve(one: Active, time: number): void {
  one.served += time;
  if (one.job.duration - one.served < TOLERANCE) one.served = one.job.duration;
}

function place(active: readonly Active[], cluster: Cluster, { rank }: RepackingOrder): void {
  const free = new FreeNodes(cluster);
  for (const { one } of active.map((each) => ({ one: each, rank: rank(each) })).toSorted((a, b) => a.rank - b.rank)) {
    const nodes = free.isFull ? null : free.find(one.job.gpus);
    one.runs = nodes !== null;
    if (nodes) free.take(nodes, one.job.gpus);
  }
}
