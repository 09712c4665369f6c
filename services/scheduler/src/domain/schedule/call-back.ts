// Who in line is called back for a job that stands before them and needs more devices than come free at once: behind them it would wait
// for one generation of jobs more, and whoever needs little would go on for ever before whoever needs much.
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
  if (allDevices(ask.shape) === 1) return [];
  const { cluster } = state;
  const without = cluster.earliestWithoutLines(ask, now);
  if (!without) return [];
  const found = inLineOn(state, without.nodeIds).filter(
    ({ job }) => !isAhead(job) && state.priority(job.className) <= ask.priority,
  );
  if (found.length === 0) return [];
  const usual = cluster.earliest(ask, now);
  return usual === null || usual.at - without.at >= WORTH_MS ? found : [];
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
