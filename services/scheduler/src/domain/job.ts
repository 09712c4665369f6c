// A job's life: its states, and what each event makes of them.
import type { ArrayPlace, AttemptResult, Behind, JobEvent, Owned, PinnedSpec } from '@baton/contracts';
import { isInfrastructureLoss, isSuccess } from './attempt-result.ts';
import { assignedGang, type Gang, type Rank, withRank } from './gang.ts';

/** What every state of a job that exists carries. */
export interface JobFacts extends Owned {
  readonly spec: PinnedSpec;
  /** Attempts so far; the newest has this number. It is the fence, and is never used again. */
  readonly attempts: number;
  readonly userFailures: number;
  readonly infrastructureLosses: number;
  readonly preemptions: number;
  /** Manifest of the newest attempt's checkpoint folder that was stored whole. */
  readonly checkpoints: string | null;
  /** So long its preempted attempts have run: what they did is kept by its checkpoints. */
  readonly servedMs: number;
  /** It is not placed until it is released. */
  readonly isHeld: boolean;
  readonly array: ArrayPlace | null;
}

export interface Attempt {
  readonly number: number;
  readonly nodeId: string;
  /** Those that it has; a waiting one has the rest promised. */
  readonly devices: readonly string[];
  /** What it waits behind; null as soon as it has all its devices. */
  readonly behind: Behind | null;
  readonly isStaged: boolean;
  readonly isRevoking: boolean;
  readonly startedAt: number | null;
  /** When its newest checkpoint was stored; null: none was since it began. */
  readonly savedAt: number | null;
  readonly isTaken: boolean;
  /** No process of it is left: it holds nothing any more. */
  readonly isReleased: boolean;
  /** Of one on several nodes; node, devices and the rest above are then those of rank 0. */
  readonly gang: Gang | null;
}

/** Why a placed job is to stop. A cancellation stands over a preemption. */
export type StopCause =
  | { readonly kind: 'cancel'; readonly by: string; readonly reason: string }
  | { readonly kind: 'preemption'; readonly forJobId: string; readonly reason: string };

/** A promise: on these nodes, not later than `at`. */
export interface StartReservation {
  readonly nodeIds: readonly string[];
  readonly at: number;
}

export type ActivePhase = 'assigned' | 'starting' | 'running';

export type JobState =
  | { readonly phase: 'none' }
  | QueuedJob
  | ({ readonly phase: ActivePhase; readonly attempt: Attempt } & JobFacts)
  | ({ readonly phase: 'stopping'; readonly attempt: Attempt; readonly cause: StopCause } & JobFacts)
  /** Between the end of an attempt and the event, in the same commit, that says what follows from it. */
  | ({ readonly phase: 'ended'; readonly result: AttemptResult } & JobFacts)
  | TerminalJob;

export type TerminalJob = JobFacts & { readonly phase: 'succeeded' | 'failed' | 'cancelled' };
export type QueuedJob = JobFacts & {
  readonly phase: 'queued';
  readonly notBefore: number;
  readonly reservation: StartReservation | null;
};
export type ExistingJob = Exclude<JobState, { phase: 'none' }>;
export type PlacedJob = Extract<JobState, { attempt: Attempt }>;

export const initialJob: JobState = { phase: 'none' };

export function isPlaced(state: JobState): state is PlacedJob {
  return 'attempt' in state;
}

/** Assigned behind running attempts, and not started as far as the log knows. */
export function isWaiting(state: JobState): state is PlacedJob & { attempt: { behind: Behind } } {
  return isPlaced(state) && state.attempt.behind !== null;
}

export function isTerminal(state: JobState): state is TerminalJob {
  return state.phase === 'succeeded' || state.phase === 'failed' || state.phase === 'cancelled';
}

/** What a node has of an attempt. */
export interface Part {
  readonly nodeId: string;
  readonly devices: readonly string[];
  readonly startedAt: number | null;
  readonly isReleased: boolean;
  /** Its agent has begun with it, as far as the log knows. */
  readonly isTakenUp: boolean;
  /** Of an attempt on several nodes. */
  readonly rank?: number;
}

/** What the nodes still have of it: a rank that has ended is of no concern to its node any more. */
export function partsOf({ attempt, phase }: PlacedJob): Part[] {
  const { nodeId, devices, startedAt, isReleased, gang } = attempt;
  if (gang === null) return [{ nodeId, devices, startedAt, isReleased, isTakenUp: phase !== 'assigned' }];
  return gang.ranks.flatMap((place, rank) => (place.result === null ? [{ ...place, rank }] : []));
}

/** Whether any node still has a process of it. */
export function isHeldAnywhere({ attempt: { isReleased, gang } }: PlacedJob): boolean {
  return gang === null ? !isReleased : gang.ranks.some((place) => place.result === null && !place.isReleased);
}

export function partOn(state: PlacedJob, nodeId: string): Part | undefined {
  return partsOf(state).find((part) => part.nodeId === nodeId);
}

export function evolveJob(state: JobState, event: JobEvent): JobState {
  if (event.type === 'JobSubmitted') {
    return submittedJob(event.data);
  }
  return state.phase === 'none' ? state : evolveExisting(state, event);
}

function submittedJob({ spec, ownerId, groupId, visibility, array }: DataOf<'JobSubmitted'>): QueuedJob {
  const counters = { attempts: 0, userFailures: 0, infrastructureLosses: 0, preemptions: 0, servedMs: 0 };
  const facts = { ...counters, checkpoints: null, isHeld: spec.hold ?? false, array: array ?? null };
  return queuedJob({ ...facts, spec, ownerId, groupId, visibility }, spec.beginAt ?? 0);
}

function queuedJob(facts: JobFacts, notBefore: number): QueuedJob {
  return { ...facts, phase: 'queued', notBefore, reservation: null };
}

function evolveExisting(state: ExistingJob, event: Exclude<JobEvent, { type: 'JobSubmitted' }>): JobState {
  switch (event.type) {
    case 'JobAssigned':
      return {
        ...factsOf(state),
        attempts: event.data.attempt,
        phase: 'assigned',
        attempt: assignedAttempt(event.data),
      };
    case 'AttemptStarting':
      return evolveStarting(state, event.data);
    case 'AttemptStarted':
      return evolveStarted(state, event.data);
    case 'AttemptStaged':
      return evolveStaged(state, event.data);
    case 'GangPermitted':
      return withGang(state, (gang) => ({ ...gang, rendezvous: event.data.rendezvous }));
    case 'RevocationRequested':
      return withAttempt(state, { isRevoking: true });
    case 'AttemptTaken':
      return withAttempt(state, { isTaken: true });
    case 'AttemptReleased':
      return evolveReleased(state, event.data);
    case 'RankEnded':
      return withRankOf(state, event.data.rank, { result: event.data.result, isReleased: true });
    case 'RanksStopped':
      return withGang(state, (gang) => ({ ...gang, isStopping: true }));
    case 'AttemptCheckpointed':
      return withAttempt({ ...state, checkpoints: event.data.checkpoints.digest }, { savedAt: event.data.at });
    // What follows from it stands in the same commit.
    case 'AttemptRevoked':
      return state;
    case 'CancelRequested':
      return stopping(state, { kind: 'cancel', ...event.data });
    case 'PreemptionRequested':
      return stopping(state, { kind: 'preemption', forJobId: event.data.for, reason: event.data.reason });
    case 'JobHeld':
      return withReservation({ ...state, isHeld: true }, null);
    case 'JobReleased':
      return { ...state, isHeld: false };
    case 'StartReserved':
      return withReservation(state, event.data);
    case 'StartReservationDropped':
      return withReservation(state, null);
    case 'AttemptEnded':
      return evolveEnded(factsOf(state), event.data.result);
    case 'JobRequeued':
      return queuedJob(factsOf(state), event.data.notBefore);
    case 'JobSucceeded':
      return { ...factsOf(state), phase: 'succeeded' };
    case 'JobFailed':
      return { ...factsOf(state), phase: 'failed' };
    case 'JobCancelled':
      return { ...factsOf(state), phase: 'cancelled' };
    default:
      return event satisfies never;
  }
}

type DataOf<T extends JobEvent['type']> = Extract<JobEvent, { type: T }>['data'];

function assignedAttempt(data: DataOf<'JobAssigned'>): Attempt {
  const { attempt, nodeId, devices, behind } = data;
  return {
    number: attempt,
    nodeId,
    devices,
    behind: behind ?? null,
    isStaged: false,
    isRevoking: false,
    startedAt: null,
    savedAt: null,
    isTaken: false,
    isReleased: false,
    gang: assignedGang(data),
  };
}

function stopping(state: ExistingJob, cause: StopCause): ExistingJob {
  return isPlaced(state) ? { ...factsOf(state), phase: 'stopping', attempt: state.attempt, cause } : state;
}

function withReservation(state: ExistingJob, reservation: StartReservation | null): ExistingJob {
  return state.phase === 'queued' ? { ...state, reservation } : state;
}

function withAttempt(state: ExistingJob, change: Partial<Attempt>): ExistingJob {
  return isPlaced(state) ? { ...state, attempt: { ...state.attempt, ...change } } : state;
}

function withGang(state: ExistingJob, change: (gang: Gang) => Gang): ExistingJob {
  const gang = isPlaced(state) ? state.attempt.gang : null;
  return gang === null ? state : withAttempt(state, { gang: change(gang) });
}

function withRankOf(state: ExistingJob, rank: number | undefined, change: Partial<Rank>): ExistingJob {
  return withGang(state, (gang) => withRank(gang, rank, change));
}

function evolveStarting(state: ExistingJob, { rank }: DataOf<'AttemptStarting'>): JobState {
  const next = withRankOf(state, rank, { isTakenUp: true });
  return next.phase === 'assigned' ? { ...next, phase: 'starting' } : next;
}

function evolveStaged(state: ExistingJob, { rank, port }: DataOf<'AttemptStaged'>): ExistingJob {
  if (rank === undefined) return withAttempt(state, { isStaged: true });
  return withRankOf(state, rank, { isStaged: true, port: port ?? null });
}

function evolveReleased(state: ExistingJob, { rank }: DataOf<'AttemptReleased'>): ExistingJob {
  return rank === undefined ? withAttempt(state, { isReleased: true }) : withRankOf(state, rank, { isReleased: true });
}

function evolveStarted(before: ExistingJob, data: DataOf<'AttemptStarted'>): JobState {
  const { startedAt, rank } = data;
  const state = withRankOf(before, rank, { startedAt });
  if (!isPlaced(state)) return state;
  const devices = rank === undefined ? data.devices : undefined;
  const taken = devices ?? state.attempt.devices;
  const began = state.attempt.startedAt ?? startedAt;
  const attempt = { ...state.attempt, startedAt: began, devices: taken, behind: null, isRevoking: false };
  if (state.phase === 'stopping') return { ...state, attempt };
  return { ...factsOf(state), phase: 'running', attempt };
}

function evolveEnded(facts: JobFacts, result: AttemptResult): JobState {
  const checkpoints = result.checkpoints?.digest ?? facts.checkpoints;
  const servedMs = facts.servedMs + (result.reason === 'preempted' ? ranMs(result) : 0);
  return { ...facts, ...countersAfter(facts, result), checkpoints, servedMs, phase: 'ended', result };
}

/** Clocks of nodes may go backwards: never less than nothing. */
function ranMs({ startedAt, endedAt }: AttemptResult): number {
  return startedAt === null ? 0 : Math.max(0, endedAt - startedAt);
}

function factsOf(state: ExistingJob): JobFacts {
  const { spec, ownerId, groupId, visibility, attempts, checkpoints, servedMs, isHeld, array } = state;
  const { userFailures, infrastructureLosses, preemptions } = state;
  const counters = { attempts, userFailures, infrastructureLosses, preemptions };
  return { spec, ownerId, groupId, visibility, ...counters, checkpoints, servedMs, isHeld, array };
}

type LossCounters = Pick<JobFacts, 'userFailures' | 'infrastructureLosses' | 'preemptions'>;

/** The counter that an attempt's end moves, if it moves one. */
export function countersAfter(counters: LossCounters, result: AttemptResult): Partial<LossCounters> {
  if (isInfrastructureLoss(result)) return { infrastructureLosses: counters.infrastructureLosses + 1 };
  if (result.reason === 'preempted') return { preemptions: counters.preemptions + 1 };
  return isSuccess(result) || result.reason === 'cancelled' ? {} : { userFailures: counters.userFailures + 1 };
}
