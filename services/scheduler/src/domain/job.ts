// A job's life: its states, and what each event makes of them.
import type { AttemptResult, JobEvent, Owned, PinnedSpec } from '@baton/contracts';

/** What every state of a job that exists carries. */
export interface JobFacts extends Owned {
  readonly spec: PinnedSpec;
  /** Attempts so far; the newest has this number. It is the fence, and is never used again. */
  readonly attempts: number;
  readonly userFailures: number;
  readonly infrastructureLosses: number;
}

export interface Attempt {
  readonly number: number;
  readonly nodeId: string;
  readonly devices: readonly string[];
  readonly startedAt: number | null;
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
    const counters = { attempts: 0, userFailures: 0, infrastructureLosses: 0 };
    return { phase: 'queued', notBefore: 0, spec, ownerId, groupId, visibility, ...counters };
  }
  return state.phase === 'none' ? state : evolveExisting(state, event);
}

function evolveExisting(state: ExistingJob, event: Exclude<JobEvent, { type: 'JobSubmitted' }>): JobState {
  const facts = factsOf(state);
  switch (event.type) {
    case 'JobAssigned': {
      const { attempt, nodeId, devices } = event.data;
      return {
        ...facts,
        attempts: attempt,
        phase: 'assigned',
        attempt: { number: attempt, nodeId, devices, startedAt: null },
      };
    }
    case 'AttemptStarting':
      return state.phase === 'assigned' ? { ...facts, phase: 'starting', attempt: state.attempt } : state;
    case 'AttemptStarted':
      return evolveStarted(state, event.data.startedAt);
    case 'CancelRequested':
      return isPlaced(state) ? { ...facts, phase: 'stopping', attempt: state.attempt, cancel: event.data } : state;
    case 'AttemptEnded':
      return { ...facts, ...countersAfter(facts, event.data.result), phase: 'ended', result: event.data.result };
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

function evolveStarted(state: ExistingJob, startedAt: number): JobState {
  if (!isPlaced(state)) return state;
  const attempt = { ...state.attempt, startedAt };
  if (state.phase === 'stopping') return { ...state, attempt };
  return { ...factsOf(state), phase: 'running', attempt };
}

function factsOf(state: ExistingJob): JobFacts {
  const { spec, ownerId, groupId, visibility, attempts, userFailures, infrastructureLosses } = state;
  return { spec, ownerId, groupId, visibility, attempts, userFailures, infrastructureLosses };
}

type LossCounters = Pick<JobFacts, 'userFailures' | 'infrastructureLosses'>;

/** The counter that an attempt's end moves, if it moves one. */
export function countersAfter(counters: LossCounters, result: AttemptResult): Partial<LossCounters> {
  if (isInfrastructureLoss(result)) return { infrastructureLosses: counters.infrastructureLosses + 1 };
  const succeeded = result.reason === 'exited' && result.exitCode === 0;
  return succeeded || result.reason === 'cancelled' ? {} : { userFailures: counters.userFailures + 1 };
}
