// What the log says of one job, as much of it as a replay needs: who, what, from when on, and how long it ran. Pure.
import type { ArrayPlace, AttemptResult, JobEvent, PinnedSpec, Policy } from '@baton/contracts';
import type { JobRecord } from '../job-record.ts';
import { waitingJob } from '../schedule/engine-job.ts';
import type { RunningAttempt, WaitingJob } from '../schedule/engine-model.ts';

export interface JobFacts {
  readonly id: string;
  readonly job: WaitingJob;
  /** Null: it named none, and is of the policy's default. */
  readonly namedClass: string | null;
  readonly after: readonly string[];
  readonly array: ArrayPlace | null;
  /** What it had of its devices when the window began; null: nothing, or it came later. */
  readonly placed: RunningAttempt | null;
  /** By itself: others that it waits for are not looked at. */
  eligibleAt: number;
  assignedAt: number | null;
  startedAt: number | null;
  /** In all attempts that have ended. */
  ranMs: number;
  isOver: boolean;
  isCancelled: boolean;
}

/** As the ledger has it, with what is placed of it. */
export function factsOf(record: JobRecord, policy: Policy, placed: RunningAttempt | null): JobFacts {
  const { spec, array, servedMs, isHeld } = record.state;
  return {
    id: record.id,
    job: waitingJob(record, policy),
    namedClass: spec.class ?? null,
    after: afterOf(spec),
    array,
    placed,
    eligibleAt: isHeld ? Infinity : Math.max(record.submittedAt, spec.beginAt ?? 0),
    assignedAt: placed && record.assignedAt,
    startedAt: placed?.since ?? null,
    ranMs: servedMs,
    isOver: false,
    isCancelled: false,
  };
}

function afterOf({ after = [] }: PinnedSpec): string[] {
  return after.map(({ jobId }) => jobId);
}

const OVER: ReadonlySet<JobEvent['type']> = new Set(['JobSucceeded', 'JobFailed', 'JobCancelled']);

/** What the event adds to them. */
export function follow(facts: JobFacts, event: JobEvent, at: number): void {
  const { type } = event;
  if (type === 'JobAssigned') facts.assignedAt ??= at;
  else if (type === 'AttemptStarted') facts.startedAt ??= event.data.startedAt;
  else if (type === 'AttemptEnded') facts.ranMs += ranMs(event.data.result);
  else if (type === 'JobHeld' || type === 'JobReleased') {
    if (facts.assignedAt === null) facts.eligibleAt = type === 'JobHeld' ? Infinity : at;
  } else if (OVER.has(type)) {
    facts.isOver = true;
    facts.isCancelled = type === 'JobCancelled';
  }
}

function ranMs({ startedAt, endedAt }: AttemptResult): number {
  return startedAt === null ? 0 : Math.max(0, endedAt - startedAt);
}
