// FIFO, FIFO with EASY backfill, and shortest job first, none of which stops a job that runs. Exact run times; starting costs nothing.
import { FreeNodes } from './free-nodes.ts';
import type { Cluster, Completions, ReferenceJob } from './job.ts';

interface Running {
  readonly job: ReferenceJob;
  readonly nodes: readonly number[];
  readonly endsAt: number;
}

/** Starts some of the queue at `now`, and gives what still waits. */
type Rule = (state: State) => readonly ReferenceJob[];

interface State {
  readonly now: number;
  readonly queue: readonly ReferenceJob[];
  readonly free: FreeNodes;
  readonly running: readonly Running[];
  readonly start: (job: ReferenceJob, nodes: readonly number[]) => void;
}

/** Strict: the first job blocks all behind it. */
export const fifo: Rule = ({ queue, free, start }) => {
  for (const [index, job] of queue.entries()) {
    const nodes = free.find(job.gpus);
    if (!nodes) return queue.slice(index);
    start(job, nodes);
  }
  return [];
};

/** Greedy, by run time, with no reservation: whatever fits starts. */
export const sjf: Rule = ({ queue, free, start }) =>
  queue
    .toSorted((a, b) => a.duration - b.duration)
    .filter((job) => {
      const nodes = free.find(job.gpus);
      if (nodes) start(job, nodes);
      return !nodes;
    });

/**
 * The head has a reservation, found anew at each event: the earliest time at which it fits. Another may start if it ends by then, or
 * if the head still fits then beside it.
 */
export const easy: Rule = (state) => {
  const { now, free, start } = state;
  const [head, ...others] = fifo(state);
  if (!head) return [];
  const { at, freeThen } = shadow(head, state);
  let then = freeThen;
  const waiting = others.filter((job) => {
    const nodes = free.find(job.gpus);
    if (!nodes) return true;
    if (now + job.duration > at) {
      const beside = then.copy();
      beside.take(nodes, job.gpus);
      if (!beside.find(head.gpus)) return true;
      then = beside;
    }
    start(job, nodes);
    return false;
  });
  return [head, ...waiting];
};

function shadow(head: ReferenceJob, { free, running }: State): { at: number; freeThen: FreeNodes } {
  const then = free.copy();
  const ending = running.toSorted((a, b) => a.endsAt - b.endsAt);
  for (const [index, { job, nodes, endsAt }] of ending.entries()) {
    then.release(nodes, job.gpus);
    if (ending[index + 1]?.endsAt !== endsAt && then.find(head.gpus)) return { at: endsAt, freeThen: then };
  }
  throw new Error(`no node can ever hold a job of ${head.gpus} GPUs`);
}

export function withoutPreemption(jobs: readonly ReferenceJob[], cluster: Cluster, rule: Rule): Completions {
  const arriving = jobs.toSorted((a, b) => a.submittedAt - b.submittedAt);
  const free = new FreeNodes(cluster);
  const completions = new Map<ReferenceJob, number>();
  let running: Running[] = [];
  let queue: readonly ReferenceJob[] = [];
  let next = 0;
  while (next < arriving.length || running.length > 0) {
    const now = running.reduce((least, { endsAt }) => Math.min(least, endsAt), arriving[next]?.submittedAt ?? Infinity);
    for (const { job, nodes } of running.filter(({ endsAt }) => endsAt <= now)) free.release(nodes, job.gpus);
    running = running.filter(({ endsAt }) => endsAt > now);
    const first = next;
    while ((arriving[next]?.submittedAt ?? Infinity) <= now) next += 1;
    const start = (job: ReferenceJob, nodes: readonly number[]): void => {
      free.take(nodes, job.gpus);
      running.push({ job, nodes, endsAt: now + job.duration });
      completions.set(job, now + job.duration - job.submittedAt);
    };
    queue = rule({ now, queue: [...queue, ...arriving.slice(first, next)], free, running, start });
  }
  return jobs.map((job) => completions.get(job) ?? Number.NaN);
}
