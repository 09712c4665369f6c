// The ideal: GPUs that can be divided at will, so that at each instant everybody has the same, or all that they can use (max-min fair).
import type { SimulatedJob } from '@baton/deploy/simulation';
import type { RateChange } from './rate-change.ts';

interface Fluid {
  readonly gpus: number;
  leftGpuMs: number;
  rate: number;
}

interface User {
  readonly jobs: Fluid[];
  /** Those before are done. */
  first: number;
  /** What all jobs that are there could use. */
  demand: number;
  rate: number;
}

const ALMOST_NOTHING = 1e-6;

/** A user's jobs are served in the order of submission, none faster than on all of its GPUs. */
export function idealShares(jobs: readonly SimulatedJob[], gpus: number): readonly RateChange[] {
  const arriving = jobs.toSorted((a, b) => a.submittedAt - b.submittedAt);
  const users = new Map<string, User>();
  const changes: RateChange[] = [];
  let now = 0;
  let next = 0;
  while (next < arriving.length || [...users.values()].some(({ demand }) => demand > 0)) {
    const soonest = [...users.values()].reduce((least, user) => Math.min(least, untilDone(user)), Infinity);
    const then = Math.min(now + soonest, arriving[next]?.submittedAt ?? Infinity);
    for (const user of users.values()) serve(user, then - now);
    now = then;
    for (; (arriving[next]?.submittedAt ?? Infinity) <= now; next += 1) {
      const job = arriving[next];
      if (job) arrive(users, job);
    }
    changes.push(...divide(users, gpus, now));
  }
  return changes;
}

function arrive(users: Map<string, User>, { owner, durationMs, shape }: SimulatedJob): void {
  const user = users.get(owner.userId) ?? { jobs: [], first: 0, demand: 0, rate: 0 };
  users.set(owner.userId, user);
  user.jobs.push({ gpus: shape.devices, leftGpuMs: shape.devices * durationMs, rate: 0 });
  user.demand += shape.devices;
}

/** Those that are served: the first ones that are not done, up to one with no rate behind which nobody has any. */
function* served({ jobs, first }: User): Generator<Fluid> {
  for (let index = first; index < jobs.length; index += 1) {
    const job = jobs[index];
    if (!job || (job.rate === 0 && job.leftGpuMs > 0)) return;
    if (job.rate > 0) yield job;
  }
}

function untilDone(user: User): number {
  let least = Infinity;
  for (const { leftGpuMs, rate } of served(user)) least = Math.min(least, leftGpuMs / rate);
  return least;
}

function serve(user: User, time: number): void {
  for (const job of served(user)) {
    job.leftGpuMs -= job.rate * time;
    if (job.leftGpuMs > ALMOST_NOTHING) continue;
    job.leftGpuMs = 0;
    user.demand -= job.gpus;
  }
  for (const job of served(user)) if (job.leftGpuMs === 0) job.rate = 0;
  while (user.jobs[user.first]?.leftGpuMs === 0) user.first += 1;
}

/** Those who can use least first: what they leave is divided among the rest. */
function divide(users: ReadonlyMap<string, User>, gpus: number, at: number): RateChange[] {
  let left = gpus;
  const asking = [...users].toSorted(([, a], [, b]) => a.demand - b.demand);
  return asking.flatMap(([userId, user], index) => {
    const rate = Math.min(user.demand, left / (asking.length - index));
    left -= rate;
    spread(user, rate);
    const change = rate - user.rate;
    user.rate = rate;
    return change === 0 ? [] : [{ at, userId, gpus: change }];
  });
}

function spread({ jobs, first }: User, rate: number): void {
  let left = rate;
  for (let index = first; index < jobs.length; index += 1) {
    const job = jobs[index];
    if (!job || (left === 0 && job.rate === 0 && job.leftGpuMs > 0)) return;
    job.rate = job.leftGpuMs === 0 ? 0 : Math.min(job.gpus, left);
    left -= job.rate;
  }
}
