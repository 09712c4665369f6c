// What the log says of one job's use of devices: when it queued, and what each attempt had from when to when.
import type { Behind, JobEvent, Owned } from '@baton/contracts';
import type { EngineShape } from '../schedule/engine-model.ts';
import { engineShapeOf } from '../schedule/engine-shape.ts';
import { type AttemptKey, type Microseconds, microseconds } from './interval.ts';

export interface QueueSpan {
  readonly from: Microseconds;
  /** Null while it queues. */
  readonly to: Microseconds | null;
  /** After a failure it may not start before. */
  readonly notBefore: Microseconds;
}

/** Times that agents tell are told as they are; the others are the commit's. Of an attempt on several nodes, each has one. */
export interface AttemptUsage extends AttemptKey {
  readonly nodeId: string;
  /** Of an attempt on several nodes. */
  readonly rank?: number;
  readonly devices: readonly string[];
  /** Of its one device, which it shares; absent: it has its devices alone. */
  readonly twentieths?: number;
  /** What it waits behind, as long as it is not known which devices it took. */
  readonly behind: Behind | null;
  readonly assignedAt: Microseconds;
  /** The agent has begun to prepare it. */
  readonly takenUpAt: Microseconds | null;
  readonly stagedAt: Microseconds | null;
  readonly startedAt: Microseconds | null;
  /** Started early: until it has called `baton.take()` it has its devices and does not use them. */
  readonly early: boolean;
  readonly tookAt: Microseconds | null;
  readonly cancelledAt: Microseconds | null;
  /** No process of it is left. */
  readonly freedAt: Microseconds | null;
  /** When the scheduler learnt that its devices are free. */
  readonly closedAt: Microseconds | null;
}

export interface JobUsage extends Owned {
  readonly jobId: string;
  readonly name: string;
  readonly shape: EngineShape;
  readonly earlyStart: boolean;
  /** Position of its submission: its place in the queue. */
  readonly order: number;
  readonly queued: readonly QueueSpan[];
  /** When it was held; `to` is null while it is. */
  readonly held: readonly { readonly from: Microseconds; readonly to: Microseconds | null }[];
  readonly arrayId: string | null;
  /** The jobs and arrays that it may not start before the end of. */
  readonly after: readonly string[];
  readonly overAt: Microseconds | null;
  readonly attempts: readonly AttemptUsage[];
}

export interface CommitTime {
  readonly jobId: string;
  readonly position: number;
  readonly atMs: number;
}

export function evolveJobUsage(usage: JobUsage | null, event: JobEvent, commit: CommitTime): JobUsage | null {
  if (event.type === 'JobSubmitted') return submitted(event.data, commit);
  return usage && evolveExisting(usage, event, commit);
}

type DataOf<T extends JobEvent['type']> = Extract<JobEvent, { type: T }>['data'];

function submitted(data: DataOf<'JobSubmitted'>, { jobId, position, atMs }: CommitTime): JobUsage {
  const { spec, ownerId, groupId, visibility, array } = data;
  const at = microseconds(atMs);
  const queued = [{ from: at, to: null, notBefore: microseconds(spec.beginAt ?? 0) }];
  const waits = {
    queued,
    held: spec.hold === true ? [{ from: at, to: null }] : [],
    overAt: null,
    arrayId: array?.id ?? null,
  };
  const after = spec.after?.map((one) => one.jobId) ?? [];
  const owned = { ownerId, groupId, visibility };
  const { name, earlyStart = false } = spec;
  return {
    jobId,
    name,
    ...owned,
    shape: engineShapeOf(spec),
    earlyStart,
    order: position,
    ...waits,
    after,
    attempts: [],
  };
}

function evolveExisting(
  usage: JobUsage,
  event: Exclude<JobEvent, { type: 'JobSubmitted' }>,
  { atMs }: CommitTime,
): JobUsage {
  const at = microseconds(atMs);
  switch (event.type) {
    case 'JobAssigned':
      return { ...leftQueue(usage, at), attempts: [...usage.attempts, ...assigned(usage, event.data, at)] };
    case 'AttemptStarting':
      return withAttempt(usage, event.data, () => ({ takenUpAt: at }));
    case 'AttemptStaged':
      return withAttempt(usage, event.data, () => ({ stagedAt: microseconds(event.data.at) }));
    case 'AttemptStarted':
      return withAttempt(usage, event.data, (attempt) => started(attempt, event.data));
    case 'AttemptTaken':
      return withAttempt(usage, event.data, () => ({ tookAt: microseconds(event.data.at) }));
    case 'AttemptReleased':
      return withAttempt(usage, event.data, () => ({ freedAt: microseconds(event.data.at), closedAt: at }));
    case 'RankEnded':
      return withAttempt(usage, event.data, (attempt) => ended(attempt, event.data, at));
    case 'RanksStopped': {
      const { attempt, rank } = event.data;
      const isOther = (one: AttemptUsage) => one.attempt === attempt && one.rank !== rank;
      return { ...usage, attempts: usage.attempts.map((one) => (isOther(one) ? cancelled(one, at) : one)) };
    }
    // The ranks of one on several nodes have told their own ends.
    case 'AttemptEnded':
      return withAttempt(usage, event.data, (attempt) =>
        attempt.rank !== undefined && isOver(attempt) ? {} : ended(attempt, event.data, at),
      );
    case 'AttemptRevoked':
      return withAttempt(usage, event.data, () => ({ closedAt: at }));
    case 'PreemptionRequested':
    case 'CancelRequested':
      return { ...usage, attempts: usage.attempts.map((attempt) => cancelled(attempt, at)) };
    case 'JobRequeued': {
      const span = { from: at, to: null, notBefore: microseconds(event.data.notBefore) };
      return { ...usage, queued: [...usage.queued, span] };
    }
    case 'JobSucceeded':
    case 'JobFailed':
    case 'JobCancelled':
      return { ...leftQueue(usage, at), overAt: at };
    case 'JobHeld':
      return { ...usage, held: [...usage.held, { from: at, to: null }] };
    case 'JobReleased':
      return { ...usage, held: usage.held.map((span) => ({ ...span, to: span.to ?? at })) };
    case 'RevocationRequested':
    case 'AttemptCheckpointed':
    case 'GangPermitted':
    case 'StartReserved':
    case 'StartReservationDropped':
      return usage;
    default:
      return event satisfies never;
  }
}

function assigned(
  { jobId, earlyStart, shape }: JobUsage,
  data: DataOf<'JobAssigned'>,
  at: Microseconds,
): AttemptUsage[] {
  const { attempt, nodeId, devices, behind, ranks } = data;
  const fresh = {
    jobId,
    attempt,
    ...(shape.twentieths === undefined ? {} : { twentieths: shape.twentieths }),
    behind: behind ?? null,
    assignedAt: at,
    takenUpAt: null,
    stagedAt: null,
    startedAt: null,
    // With nothing before it, it starts in full.
    early: earlyStart && behind !== undefined,
    tookAt: null,
    cancelledAt: null,
    freedAt: null,
    closedAt: null,
  };
  if (ranks === undefined) return [{ ...fresh, nodeId, devices }];
  return ranks.map((place, rank) => ({ ...fresh, nodeId: place.nodeId, rank, devices: place.devices }));
}

function started(attempt: AttemptUsage, data: DataOf<'AttemptStarted'>): Partial<AttemptUsage> {
  return { startedAt: microseconds(data.startedAt), devices: data.devices ?? attempt.devices };
}

function ended(
  attempt: AttemptUsage,
  { result }: Pick<DataOf<'AttemptEnded'>, 'result'>,
  at: Microseconds,
): Partial<AttemptUsage> {
  const startedAt = attempt.startedAt ?? (result.startedAt === null ? null : microseconds(result.startedAt));
  return {
    startedAt,
    freedAt: attempt.freedAt ?? microseconds(result.endedAt),
    closedAt: attempt.closedAt ?? at,
  };
}

function cancelled(attempt: AttemptUsage, at: Microseconds): AttemptUsage {
  return isOver(attempt) || attempt.cancelledAt !== null ? attempt : { ...attempt, cancelledAt: at };
}

function leftQueue(usage: JobUsage, at: Microseconds): JobUsage {
  return { ...usage, queued: usage.queued.map((span) => (span.to === null ? { ...span, to: at } : span)) };
}

function withAttempt(
  usage: JobUsage,
  told: { readonly attempt: number; readonly rank?: number },
  change: (attempt: AttemptUsage) => Partial<AttemptUsage>,
): JobUsage {
  const isMeant = ({ attempt, rank }: AttemptUsage) =>
    attempt === told.attempt && (told.rank === undefined || rank === told.rank);
  const attempts = usage.attempts.map((attempt) => (isMeant(attempt) ? { ...attempt, ...change(attempt) } : attempt));
  return { ...usage, attempts };
}

/** Nothing more is to be reported of the devices that it had. */
export function isOver(attempt: AttemptUsage): boolean {
  return attempt.closedAt !== null;
}
