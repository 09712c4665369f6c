// When the order of running and waiting jobs changes by time alone, or who may be stopped, so that it is looked at again although nothing happens.
import { lockedUntil } from './movable.ts';
import type { RunningAttempt } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { ownerKeyOf } from './owner-key.ts';
import { stoppableAt } from './preempt.ts';
import type { SchedulingState } from './scheduling-state.ts';

/** What several owners have used changes all the time: it is compared at least so often. */
const SHARES_CHANGE_MS = 600_000;

/** None where nobody waits, not in a line either, or nobody may be stopped. */
export function orderChangesAt(state: SchedulingState, now: number): number[] {
  const { policy, queueIndex } = state;
  const waits = () => queueIndex.size > 0 || [...state.placed()].some(({ waiting }) => waiting);
  if (policy.preemption.by !== 'order') return stoppableAt(state, now);
  if (!waits()) return [];
  const preemptible = new Set(policy.classes.filter((each) => each.preemptible).map(({ name }) => name));
  const times: number[] = [];
  let isAny = false;
  for (const attempt of state.placed()) {
    const { job, since, isStopping } = attempt;
    if (since === null || isStopping || !job.keepsCheckpoints || !preemptible.has(job.className)) continue;
    isAny = true;
    times.push(lockedUntil(attempt, { policy, now }));
    if (policy.order === 'las') times.push(...crossings(attempt, since, policy.lasThresholdsDeviceSeconds));
  }
  if (isAny && policy.order === 'fair-share' && hasSeveralOwners(state)) times.push(now + SHARES_CHANGE_MS);
  return times.filter((time) => time > now);
}

/** When it sinks into the next queues of `las`. */
function crossings({ job }: RunningAttempt, since: number, thresholds: readonly number[]): number[] {
  return thresholds.map((threshold) => since + (threshold * 1_000) / allDevices(job.shape) - job.servedMs);
}

function hasSeveralOwners(state: SchedulingState): boolean {
  const owners = new Set<string>();
  for (const queues of state.queueIndex.classes().values()) for (const key of queues.keys()) owners.add(key);
  for (const { job } of state.placed()) owners.add(ownerKeyOf(job.owner));
  return owners.size > 1;
}
