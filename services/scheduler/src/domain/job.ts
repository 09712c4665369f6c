// A job's life: its states, and what each event makes of them.
import type { AttemptResult, Behind, JobEvent, Owned, PinnedSpec } from '@baton/contracts';

/** What every state of a job that exists carries. */
export interface JobFacts extends Owned {
  readonly spec: PinnedSpec;
  /** Attempts so far; the newest has this number. It is the fence, and is never used again. */
  readonly attempts: number;
  readonly userFailures: number;
  readonly infrastructureLosses: number;
  /** Manifest of the newest attempt's checkpoint folder that was stored whole. */
  readonly checkpoints: string | null;
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
  readonly isTaken: boolean;
  /** No process of it is left: it holds nothing any more. */
  readonly isReleased: boolean;
}

export interface CancelRequest {
  readonly by: string;
  readonly reason: string;
}

export type ActivePhase = 'assigned' | 'starting' | 'running';

export type JobState =
  | { readonly phase: 'none' }
  | ({ readonly phase: 'queued'; readonly notBefore: number } & JobFacts)
  | ({ readonly phase: ActivePhase; readonly attempt: Attempt } & JobFacts)
  | ({ readonly phase: 'stopping'; readonly attempt: Attempt; readonly cancel: CancelRequest } & JobFacts)
  /** Between the end of an attempt and the event, in the same commit, that says what follows from it. */
  | ({ readonly phase: 'ended'; readonly result: AttemptResult } & JobFacts)
  | ({ readonly phase: 'succeeded' | 'failed' | 'cancelled' } & JobFacts);

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

export function isTerminal(state: JobState): boolean {
  return state.phase === 'succeeded' || state.phase === 'failed' || state.phase === 'cancelled';
}

/** Losses that are the platform's, not the job's; each kind has its own limit. */
export function isInfrastructureLoss(result: AttemptResult): boolean {
  return result.reason === 'lost' || result.reason === 'start-failed' || result.reason === 'device-lost';
}

export function evolveJob(state: JobState, event: JobEvent): JobState {
  if (event.type === 'JobSubmitted') {
    const { spec, ownerId, groupId, visibility } = event.data;
    const counters = { attempts: 0, userFailures: 0, infrastructureLosses: 0, checkpoints: null };
    return { phase: 'queued', notBefore: 0, spec, ownerId, groupId, visibility, ...counters };
  }
  return state.phase === 'none' ? state : evolveExisting(state, event);
}

function evolveExisting(state: ExistingJob, event: Exclude<JobEvent, { type: 'JobSubmitted' }>): JobState {
  const facts = factsOf(state);
  switch (event.type) {
    case 'JobAssigned':
      return { ...facts, attempts: event.data.attempt, phase: 'assigned', attempt: assignedAttempt(event.data) };
    case 'AttemptStarting':
      return state.phase === 'assigned' ? { ...facts, phase: 'starting', attempt: state.attempt } : state;
    case 'AttemptStarted':
      return evolveStarted(state, event.data);
    case 'AttemptStaged':
      return withAttempt(state, { isStaged: true });
    case 'RevocationRequested':
      return withAttempt(state, { isRevoking: true });
    case 'AttemptTaken':
      return withAttempt(state, { isTaken: true });
    case 'AttemptReleased':
      return withAttempt(state, { isReleased: true });
    case 'AttemptCheckpointed':
      return { ...state, checkpoints: event.data.checkpoints.digest };
    // What follows from it stands in the same commit.
    case 'AttemptRevoked':
      return state;
    case 'CancelRequested':
      return isPlaced(state) ? { ...facts, phase: 'stopping', attempt: state.attempt, cancel: event.data } : state;
    case 'AttemptEnded':
      return evolveEnded(facts, event.data.result);
    case 'JobRequeued':
      return { ...facts, phase: 'queued', notBefore: event.data.notBefore };
    case 'JobSucceeded':
      return { ...facts, phase: 'succeeded' };
    case 'JobFailed':
      return { ...facts, phase: 'failed' };
    case 'JobCancelled':
      return { ...facts, phase: 'cancelled' };
    default:
      return event satisfies never;
  }
}

type DataOf<T extends JobEvent['type']> = Extract<JobEvent, { type: T }>['data'];

function assignedAttempt({ attempt, nodeId, devices, behind }: DataOf<'JobAssigned'>): Attempt {
  return {
    number: attempt,
    nodeId,
    devices,
    behind: behind ?? null,
    isStaged: false,
    isRevoking: false,
    startedAt: null,
    isTaken: false,
    isReleased: false,
  };
}

function withAttempt(state: ExistingJob, change: Partial<Attempt>): ExistingJob {
  return isPlaced(state) ? { ...state, attempt: { ...state.attempt, ...change } } : state;
}

function evolveStarted(state: ExistingJob, { startedAt, devices }: DataOf<'AttemptStarted'>): JobState {
  if (!isPlaced(state)) return state;
  const taken = devices ?? state.attempt.devices;
  const attempt = { ...state.attempt, startedAt, devices: taken, behind: null, isRevoking: false };
  if (state.phase === 'stopping') return { ...state, attempt };
  return { ...factsOf(state), phase: 'running', attempt };
}

function evolveEnded(facts: JobFacts, result: AttemptResult): JobState {
  const checkpoints = result.checkpoints?.digest ?? facts.checkpoints;
  return { ...facts, ...countersAfter(facts, result), checkpoints, phase: 'ended', result };
}

function factsOf(state: ExistingJob): JobFacts {
  const { spec, ownerId, groupId, visibility, attempts, userFailures, infrastructureLosses, checkpoints } = state;
  return { spec, ownerId, groupId, visibility, attempts, userFailures, infrastructureLosses, checkpoints };
}

type LossCounters = Pick<JobFacts, 'userFailures' | 'infrastructureLosses'>;

/** The counter that an attempt's end moves, if it moves one. */
export function countersAfter(counters: LossCounters, result: AttemptResult): Partial<LossCounters> {
  if (isInfrastructureLoss(result)) return { infrastructureLosses: counters.infrastructureLosses + 1 };
  const succeeded = result.reason === 'exited' && result.exitCode === 0;
  return succeeded || result.reason === 'cancelled' ? {} : { userFailures: counters.userFailures + 1 };
}
