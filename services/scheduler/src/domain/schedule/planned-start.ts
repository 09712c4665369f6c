// A start as the plan tells it, and the attempt that stands for it on paper.
import type { RankPlace } from '@baton/contracts';
import type { FoundPlace } from './ask.ts';
import type { PlannedStart, RunningAttempt, WaitingJob } from './engine-model.ts';
import type { SchedulingState } from './scheduling-state.ts';

/** Of a job on several nodes the first place is that of rank 0. */
export function plannedStart(
  engine: SchedulingState,
  jobId: string,
  places: readonly [FoundPlace, ...FoundPlace[]],
): PlannedStart {
  const [{ nodeId, devices }] = places;
  const start = { jobId, nodeId, devices };
  return places.length === 1 ? start : { ...start, ranks: places.map((place) => rankPlace(engine, place)) };
}

function rankPlace(engine: SchedulingState, { nodeId, devices }: FoundPlace): RankPlace {
  const description = engine.node(nodeId)?.description;
  const name = description?.name ?? nodeId;
  return { nodeId, name, address: description?.address ?? name, devices: [...devices] };
}

/** The last of all that is placed on its nodes. */
export function attemptOnPaper(
  job: WaitingJob,
  placed: Pick<RunningAttempt, 'parts' | 'waiting'>,
  now: number,
): RunningAttempt {
  const attempt = { attempt: job.nextAttempt, placedAt: Number.MAX_SAFE_INTEGER, graceMs: job.graceMs };
  return { ...placed, ...attempt, job, since: placed.waiting ? null : now, isStopping: false };
}
