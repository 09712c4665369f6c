// Who in line is called back for a job that stands before them, and is of a higher class or needs more devices than come free at once:
// behind them it would wait for one generation of jobs more, and whoever needs little would go on for ever before whoever needs much.
import type { Ask } from './ask.ts';
import type { RunningAttempt, WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import type { SchedulingState } from './scheduling-state.ts';

/** What those in line have made ready is not given up for less. */
const WORTH_MS = 60_000;

/** Those already being called back among them; none if without them it would not start sooner. */
export function delayedBy(
  state: SchedulingState,
  ask: Ask,
  { now, isAhead }: { readonly now: number; readonly isAhead: (job: WaitingJob) => boolean },
): readonly RunningAttempt[] {
  if (allDevices(ask.shape) === 1 && !outranksLine(state, ask.priority)) return [];
  const { cluster } = state;
  const without = cluster.earliestWithoutLines(ask, now);
  if (!without) return [];
  const found = inLineOn(state, without.nodeIds).filter(({ job }) => !isAhead(job) && givesWay(state, job, ask));
  if (found.length === 0) return [];
  const usual = cluster.earliest(ask, now);
  return usual === null || usual.at - without.at >= WORTH_MS ? found : [];
}

/** Somebody in line is of a lower class: what comes free would be theirs. */
export function outranksLine(state: SchedulingState, priority: number): boolean {
  for (const name of state.queueIndex.classes('inLine').keys()) if (state.priority(name) < priority) return true;
  return false;
}

/** For one device only who is of a lower class: it waits behind its own without being passed by any. */
function givesWay(state: SchedulingState, { className, shape }: WaitingJob, ask: Ask): boolean {
  if (shape.deviceKind !== ask.shape.deviceKind) return false;
  const priority = state.priority(className);
  return priority < ask.priority || (priority === ask.priority && allDevices(ask.shape) > 1);
}

/** In the order in which they came into line; most are elsewhere. */
function inLineOn(state: SchedulingState, nodeIds: readonly string[]): RunningAttempt[] {
  const there = state.cluster.inLineOn(nodeIds);
  if (there.size === 0) return [];
  const found: RunningAttempt[] = [];
  for (const { id } of state.queueIndex.inLine()) {
    const attempt = there.has(id) ? state.placedAttempt(id) : undefined;
    if (attempt?.parts.some(({ nodeId }) => nodeIds.includes(nodeId))) found.push(attempt);
  }
  return found;
}
