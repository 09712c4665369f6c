// The running jobs that may be stopped for others that go before them, as jobs of the queue; and those in line, that may be called back.
import { Displaceables } from './displaceables.ts';
import type { EngineShape, RunningAttempt, WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { QueueIndex } from './queue-index.ts';
import type { SchedulingState } from './scheduling-state.ts';
import type { OrderView } from './walk-standings.ts';

export interface Movable {
  readonly attempt: RunningAttempt;
  readonly job: WaitingJob;
}

interface Options {
  readonly view: Pick<OrderView, 'policy' | 'now'>;
  readonly isSettled: (jobId: string) => boolean;
}

/** A running job is looked for by no shape of those that wait: what is found not to fit says nothing about it. */
const WHERE_IT_RUNS = ' where it runs';

export function movableAttempts(state: SchedulingState, { view, isSettled }: Options): RunningAttempt[] {
  const { classes } = view.policy;
  const preemptible = new Set(classes.filter((each) => each.preemptible).map(({ name }) => name));
  return [...state.placed()].filter((attempt) => {
    const { job, waiting, isStopping } = attempt;
    if (isStopping || isSettled(job.id)) return false;
    if (waiting) return !waiting.isRevoking;
    return job.keepsCheckpoints && preemptible.has(job.className) && lockedUntil(attempt, view) <= view.now;
  });
}

/** So long it runs in any case: it is stopped at most once in each such time of its own. */
export function lockedUntil({ since }: RunningAttempt, { policy, now }: Options['view']): number {
  return (since ?? now) + policy.preemption.minRunMs;
}

/** With their places among each other, for the time when some of them are to go. */
export function ranked(movable: Iterable<Movable>, state: SchedulingState, view: OrderView): Displaceables {
  const queue = new QueueIndex();
  const attempts = new Map<string, RunningAttempt>();
  for (const { job, attempt } of movable) {
    queue.add(job);
    attempts.set(job.id, attempt);
  }
  const walk = queue.walk({ ...view, policy: state.policy, isGangReady: undefined });
  const found = new Displaceables();
  let rank = 0;
  for (let job = walk.next(); job; job = walk.next()) {
    const attempt = attempts.get(job.id);
    if (attempt) found.add({ rank: (rank += 1), lost: lostBy(attempt, view.now), attempt });
  }
  return found;
}

/** As one that waits beside the others. */
export function asWaiting({ job, since, waiting }: RunningAttempt, now: number): WaitingJob {
  const shape = runningShape(job.shape);
  if (waiting) return { ...job, shape, reservation: null };
  const servedMs = job.servedMs + Math.max(0, now - (since ?? now));
  return { ...job, shape, servedMs, reservation: null, isRunning: true };
}

/** Device-milliseconds since the last checkpoint that was stored. */
export function lostBy({ job, since, savedAt }: RunningAttempt, now: number): number {
  return since === null ? 0 : allDevices(job.shape) * Math.max(0, now - Math.max(since, savedAt ?? since));
}

function runningShape(shape: EngineShape): EngineShape {
  let running = runningShapes.get(shape);
  if (!running) runningShapes.set(shape, (running = { ...shape, nodeId: WHERE_IT_RUNS }));
  return running;
}

const runningShapes = new WeakMap<EngineShape, EngineShape>();
