// What may be asked of a job, and which events follow.
import type {
  ArrayPlace,
  AttemptResult,
  Behind,
  JobEvent,
  ManifestSummary,
  Owned,
  PinnedSpec,
  RankPlace,
  StartForecast,
} from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { isInfrastructureLoss, isSuccess } from './attempt-result.ts';
import { type Gang, gangResult, isReady, rankMessage, withRank } from './gang.ts';
import {
  evolveJob,
  type ExistingJob,
  initialJob,
  isPlaced,
  isTerminal,
  isWaiting,
  type JobState,
  type PlacedJob,
} from './job.ts';
import { event } from './job-event.ts';
import { asPreempted, decideOnQueue, isQueueCommand, type QueueCommand } from './queued-job.commands.ts';

export type JobCommand =
  | {
      readonly type: 'Submit';
      readonly spec: PinnedSpec;
      readonly owned: Owned;
      readonly rerunOf: string | null;
      readonly array?: ArrayPlace;
    }
  | QueueCommand
  | {
      readonly type: 'Assign';
      readonly nodeId: string;
      readonly devices: readonly string[];
      readonly behind?: Behind;
      readonly ranks?: readonly RankPlace[];
      readonly forecast?: StartForecast;
    }
  | { readonly type: 'RequestRevocation'; readonly reason: string }
  | ({ readonly type: 'RecordStarting' } & AttemptPart)
  | ({ readonly type: 'RecordTaken' | 'RecordReleased'; readonly at: number } & AttemptPart)
  | ({ readonly type: 'RecordStaged'; readonly at: number; readonly port?: number } & AttemptPart)
  | ({ readonly type: 'RecordRevoked' } & AttemptPart)
  | ({
      readonly type: 'RecordCheckpointed';
      readonly at: number;
      readonly checkpoints: ManifestSummary;
    } & AttemptPart)
  | ({ readonly type: 'RecordStarted'; readonly at: number; readonly devices?: readonly string[] } & AttemptPart)
  | ({ readonly type: 'RecordEnded'; readonly result: AttemptResult; readonly now: number } & AttemptPart)
  | { readonly type: 'Cancel'; readonly by: string; readonly reason: string };

/** What a fact is about. */
interface AttemptPart {
  readonly attempt: number;
  /** Of an attempt on several nodes: whose fact it is. */
  readonly rank?: number;
}

/** How many infrastructure losses a job survives; they never count against the user's retries. */
export const MAX_INFRASTRUCTURE_LOSSES = 5;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 300_000;

/** 1 s, 2 s, 4 s ... at most 5 min. */
export function backoffMs(failures: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 30));
}

export const jobDecider: Decider<JobCommand, JobState, JobEvent> = {
  initialState: initialJob,
  evolve: evolveJob,
  decide(command, state) {
    if (command.type === 'Submit') return decideSubmit(command, state);
    if (state.phase === 'none') throw new PlatformError('not_found', 'There is no such job.');
    if (command.type === 'Assign') return decideAssign(command, state);
    if (command.type === 'RequestRevocation') return decideRevocation(command, state);
    if (command.type === 'Cancel') return decideCancel(command, state);
    if (isQueueCommand(command)) return decideOnQueue(command, state);
    // Facts of another attempt, or told twice, change nothing.
    if (!isPlaced(state) || state.attempt.number !== command.attempt) return [];
    return state.attempt.gang === null
      ? decideFact(command, state)
      : decideRankFact(command, state, state.attempt.gang);
  },
};

type FactCommand = Extract<JobCommand, { attempt: number }>;

function decideFact(command: FactCommand, state: PlacedJob): JobEvent[] {
  const { attempt } = command;
  switch (command.type) {
    case 'RecordStarting':
      return state.phase === 'assigned' && !isWaiting(state) ? [event('AttemptStarting', { attempt })] : [];
    case 'RecordStaged':
      return isWaiting(state) && !state.attempt.isStaged ? [event('AttemptStaged', { attempt, at: command.at })] : [];
    case 'RecordRevoked':
      return decideRevoked(attempt, state);
    case 'RecordStarted':
      return decideStarted(command, state);
    case 'RecordTaken':
      return state.attempt.isTaken ? [] : [event('AttemptTaken', { attempt, at: command.at })];
    case 'RecordReleased':
      return state.attempt.isReleased ? [] : [event('AttemptReleased', { attempt, at: command.at })];
    case 'RecordCheckpointed':
      return decideCheckpointed(command, state);
    case 'RecordEnded':
      return decideEnded(command, state);
    default:
      return command satisfies never;
  }
}

type CommandOf<T extends JobCommand['type']> = Extract<JobCommand, { type: T }>;

function decideSubmit(command: CommandOf<'Submit'>, state: JobState): JobEvent[] {
  if (state.phase !== 'none') throw new PlatformError('conflict', 'This job has been submitted before.');
  const rerun = command.rerunOf === null ? {} : { rerunOf: command.rerunOf };
  const array = command.array === undefined ? {} : { array: command.array };
  return [event('JobSubmitted', { spec: command.spec, ...command.owned, ...rerun, ...array })];
}

function decideAssign(command: CommandOf<'Assign'>, state: ExistingJob): JobEvent[] {
  if (state.phase !== 'queued') throw new PlatformError('conflict', `A job that is ${state.phase} can't be assigned.`);
  const { nodeId, devices, behind, ranks, forecast } = command;
  const place = { attempt: state.attempts + 1, nodeId, devices: [...devices] };
  const more = { ...(behind === undefined ? {} : { behind }), ...(ranks === undefined ? {} : { ranks: [...ranks] }) };
  const said = forecast === undefined ? {} : { forecast };
  return [event('JobAssigned', { ...place, ...more, ...said })];
}

/** Only asked here: the agent's journal decides between giving back and starting. */
function decideRevocation(command: CommandOf<'RequestRevocation'>, state: ExistingJob): JobEvent[] {
  if (!isWaiting(state) || state.phase !== 'assigned' || state.attempt.isRevoking) return [];
  return [event('RevocationRequested', { attempt: state.attempt.number, reason: command.reason })];
}

function decideRevoked(attempt: number, state: PlacedJob): JobEvent[] {
  if (!isWaiting(state)) return [];
  const next = isCancelled(state)
    ? event('JobCancelled', {})
    : event('JobRequeued', { cause: 'revoked', notBefore: 0 });
  return [event('AttemptRevoked', { attempt }), next];
}

function decideStarted(command: CommandOf<'RecordStarted'>, state: PlacedJob): JobEvent[] {
  if (state.attempt.startedAt !== null) return [];
  const { attempt, at, devices } = command;
  const started = { attempt, startedAt: at };
  return [event('AttemptStarted', devices === undefined ? started : { ...started, devices: [...devices] })];
}

function decideCheckpointed(command: CommandOf<'RecordCheckpointed'>, state: PlacedJob): JobEvent[] {
  const { attempt, at, checkpoints } = command;
  if (checkpoints.digest === state.checkpoints) return [];
  return [event('AttemptCheckpointed', { attempt, at, checkpoints })];
}

function decideEnded({ attempt, result: told, now }: CommandOf<'RecordEnded'>, state: PlacedJob): JobEvent[] {
  const result = asPreempted(state, told);
  return [event('AttemptEnded', { attempt, result }), followUp(state, result, now)];
}

/** Facts of a rank that has ended, or told twice, change nothing. */
function decideRankFact(command: FactCommand, state: PlacedJob, gang: Gang): JobEvent[] {
  const { attempt, rank = -1 } = command;
  const known = gang.ranks[rank];
  if (known === undefined || known.result !== null) return [];
  switch (command.type) {
    case 'RecordStarting':
      return known.isTakenUp ? [] : [event('AttemptStarting', { attempt, rank })];
    case 'RecordStaged':
      return known.isStaged ? [] : decideRankStaged(command, state, gang);
    case 'RecordStarted':
      return known.startedAt === null ? [event('AttemptStarted', { attempt, startedAt: command.at, rank })] : [];
    case 'RecordReleased':
      return known.isReleased ? [] : [event('AttemptReleased', { attempt, at: command.at, rank })];
    case 'RecordCheckpointed':
      return rank === 0 ? decideCheckpointed(command, state) : [];
    case 'RecordEnded':
      return decideRankEnded(command, state, withRank(gang, rank, { result: command.result }));
    // Neither is ever asked of them.
    case 'RecordRevoked':
    case 'RecordTaken':
      return [];
    default:
      return command satisfies never;
  }
}

/** The last one to arrive lets all of them go. */
function decideRankStaged(command: CommandOf<'RecordStaged'>, { phase }: PlacedJob, gang: Gang): JobEvent[] {
  const { attempt, rank = -1, at, port } = command;
  const staged = event('AttemptStaged', { attempt, at, rank, ...(port === undefined ? {} : { port }) });
  const next = withRank(gang, rank, { isStaged: true, port: port ?? null });
  const [first] = next.ranks;
  if (phase === 'stopping' || !isReady(next) || first === undefined || first.port === null) return [staged];
  return [staged, event('GangPermitted', { attempt, rendezvous: { host: first.address, port: first.port } })];
}

/** `gang` is as it is with this end. */
function decideRankEnded(command: CommandOf<'RecordEnded'>, state: PlacedJob, gang: Gang): JobEvent[] {
  const { attempt, rank = -1, result, now } = command;
  const ended = event('RankEnded', { attempt, rank, result });
  const whole = gangResult(gang);
  if (whole !== null) {
    const known: PlacedJob = { ...state, attempt: { ...state.attempt, gang } };
    return [ended, ...decideEnded({ type: 'RecordEnded', attempt, result: whole, now }, known)];
  }
  const place = gang.ranks[rank];
  if (place === undefined || isSuccess(result) || gang.isStopping || state.phase === 'stopping') return [ended];
  return [ended, event('RanksStopped', { attempt, rank, reason: rankMessage(gang, { ...place, result }) })];
}

function followUp(state: ExistingJob, result: AttemptResult, now: number): JobEvent {
  if (isSuccess(result)) return event('JobSucceeded', {});
  if (isCancelled(state) || result.reason === 'cancelled') return event('JobCancelled', {});
  if (result.reason === 'preempted') return event('JobRequeued', { cause: 'preemption', notBefore: 0 });
  if (isInfrastructureLoss(result)) {
    const losses = state.infrastructureLosses + 1;
    if (losses > MAX_INFRASTRUCTURE_LOSSES)
      return event('JobFailed', { message: `Lost ${losses} times: ${result.message}` });
    return event('JobRequeued', { cause: 'infrastructure', notBefore: now + backoffMs(losses) });
  }
  const failures = state.userFailures + 1;
  if (!mayPass(result) || failures > state.spec.retries) return event('JobFailed', { message: result.message });
  return event('JobRequeued', { cause: 'retry', notBefore: now + backoffMs(failures) });
}

function isCancelled(state: ExistingJob): boolean {
  return state.phase === 'stopping' && state.cause.kind === 'cancel';
}

/** Whether the same job could end otherwise another time: not if its input is wrong or its time too short. */
function mayPass(result: AttemptResult): boolean {
  return result.reason !== 'bad-input' && result.reason !== 'time-limit';
}

function decideCancel(command: CommandOf<'Cancel'>, state: ExistingJob): JobEvent[] {
  if (isCancelled(state) || state.phase === 'cancelled') return [];
  if (isTerminal(state)) throw new PlatformError('conflict', `The job has already ${state.phase}.`);
  const requested = event('CancelRequested', { by: command.by, reason: command.reason });
  return isPlaced(state) ? [requested] : [requested, event('JobCancelled', {})];
}
