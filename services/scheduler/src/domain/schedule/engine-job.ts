// A job as the engine knows it, from what the log says of it.
import type { PinnedSpec, Policy } from '@baton/contracts';
import { type ExistingJob, isHeldAnywhere, partsOf, type PlacedJob } from '../job.ts';
import type { EngineShape, RunningAttempt, WaitingJob } from './engine-model.ts';
import { engineShapeOf } from './engine-shape.ts';

/** What nodes give a job to stop where neither it nor they say otherwise. */
const DEFAULT_GRACE_MS = 30_000;

interface LoggedJob<S extends ExistingJob> {
  readonly id: string;
  readonly state: S;
  readonly order: number;
  readonly submittedAt: number;
  readonly placedAt: number;
  readonly assignedAt: number;
  readonly stoppingSince: number | null;
  /** Learned; absent or null: not known. */
  readonly estimateMs?: number | null;
}

export function waitingJob(
  { id, state, order, submittedAt, estimateMs = null }: Omit<LoggedJob<ExistingJob>, 'stoppingSince'>,
  policy: Policy,
): WaitingJob {
  const { spec, ownerId, groupId, attempts, servedMs } = state;
  return {
    id,
    order,
    submittedAt,
    nextAttempt: attempts + 1,
    owner: { userId: ownerId, groupId },
    className: spec.class ?? policy.defaultClass,
    shape: shapeOf(spec),
    limitMs: spec.timeLimitMs,
    estimateMs,
    servedMs,
    graceMs: spec.graceMs ?? DEFAULT_GRACE_MS,
    keepsCheckpoints: spec.keepsCheckpoints ?? false,
    reservation: state.phase === 'queued' ? state.reservation : null,
  };
}

/** One object for all states of a job: what is known of a shape is found by it. */
function shapeOf(spec: PinnedSpec): EngineShape {
  const known = shapes.get(spec) ?? engineShapeOf(spec);
  shapes.set(spec, known);
  return known;
}

const shapes = new WeakMap<PinnedSpec, EngineShape>();

/** What a placed job's devices count from: null where it has none of them any more, `waiting` where it has none yet. */
export function usedSince(state: PlacedJob, assignedAt: number): number | 'waiting' | null {
  const { behind, startedAt } = state.attempt;
  if (!isHeldAnywhere(state)) return null;
  return behind ? 'waiting' : (startedAt ?? assignedAt);
}

/** Null once no process of it is left. */
export function runningAttempt(logged: LoggedJob<PlacedJob>, policy: Policy): RunningAttempt | null {
  const { state, placedAt, assignedAt, stoppingSince } = logged;
  const { number, behind, isRevoking, startedAt, savedAt } = state.attempt;
  const parts = partsOf(state).filter(({ isReleased }) => !isReleased);
  if (parts.length === 0) return null;
  const job = waitingJob(logged, policy);
  return {
    job,
    attempt: number,
    placedAt,
    parts: parts.map(({ nodeId, devices }) => ({ nodeId, devices })),
    waiting: behind && { count: behind.count, pool: behind.pool, isRevoking },
    since: behind ? null : (startedAt ?? assignedAt),
    graceMs: job.graceMs,
    isStopping: state.phase === 'stopping',
    stoppingSince,
    savedAt,
  };
}
