// What may be asked of a job about its place in the queue: holds, promises of a start, and making room for another.
import type { AttemptResult, JobEvent } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { isInfrastructureLoss, isSuccess } from './attempt-result.ts';
import { type ExistingJob, isPlaced, isTerminal, isWaiting, type PlacedJob, type StartReservation } from './job.ts';
import { event } from './job-event.ts';

export type QueueCommand =
  | { readonly type: 'Hold' | 'Release'; readonly by: string }
  | ({ readonly type: 'ReserveStart' } & StartReservation)
  | { readonly type: 'DropReservation' }
  | { readonly type: 'RequestPreemption'; readonly forJobId: string; readonly reason: string };

export function isQueueCommand(command: { readonly type: string }): command is QueueCommand {
  return TYPES.has(command.type);
}
const TYPES: ReadonlySet<string> = new Set<QueueCommand['type']>([
  'Hold',
  'Release',
  'ReserveStart',
  'DropReservation',
  'RequestPreemption',
]);

export function decideOnQueue(command: QueueCommand, state: ExistingJob): JobEvent[] {
  switch (command.type) {
    case 'Hold':
      return decideHold(command.by, state);
    case 'Release':
      refuseIfOver(state);
      return state.isHeld ? [event('JobReleased', { by: command.by })] : [];
    case 'ReserveStart':
      return decideReserve(command, state);
    case 'DropReservation':
      return reservationOf(state) === null ? [] : [event('StartReservationDropped', {})];
    case 'RequestPreemption':
      return decidePreemption(command, state);
    default:
      return command satisfies never;
  }
}

function refuseIfOver(state: ExistingJob): void {
  if (isTerminal(state)) throw new PlatformError('conflict', `The job has already ${state.phase}.`);
}

/** What has its devices can't be held back; what waits for them is called back, and is held once its agent has agreed. */
function decideHold(by: string, state: ExistingJob): JobEvent[] {
  refuseIfOver(state);
  if (state.isHeld) return [];
  const held = event('JobHeld', { by });
  if (state.phase === 'queued') return [held];
  if (!isWaiting(state) || state.phase !== 'assigned')
    throw new PlatformError('conflict', `A job that is ${state.phase} can't be held; cancel it, or let it end.`);
  const reason = 'It is held.';
  return state.attempt.isRevoking
    ? [held]
    : [held, event('RevocationRequested', { attempt: state.attempt.number, reason })];
}

function decideReserve({ nodeIds, at }: StartReservation, state: ExistingJob): JobEvent[] {
  if (state.phase !== 'queued') return [];
  const known = state.reservation;
  const isSame = known?.at === at && known.nodeIds.join() === nodeIds.join();
  return isSame ? [] : [event('StartReserved', { nodeIds: [...nodeIds], at })];
}

function reservationOf(state: ExistingJob): StartReservation | null {
  return state.phase === 'queued' ? state.reservation : null;
}

/** One that only waits for its devices is called back: nothing of it has to stop. */
function decidePreemption(
  { forJobId, reason }: Extract<QueueCommand, { type: 'RequestPreemption' }>,
  state: ExistingJob,
): JobEvent[] {
  if (!isPlaced(state) || state.phase === 'stopping' || state.attempt.gang?.isStopping) return [];
  const { number: attempt, isRevoking, startedAt } = state.attempt;
  if (isWaiting(state)) return isRevoking ? [] : [event('RevocationRequested', { attempt, reason })];
  if (startedAt !== null && state.spec.keepsCheckpoints !== true)
    throw new PlatformError('conflict', "A job that keeps no checkpoints can't be stopped for another.");
  return [event('PreemptionRequested', { attempt, for: forJobId, reason })];
}

/**
 * Its agent only knows that it was to stop. What has ended by itself meanwhile has ended as it says; but of several ranks, those
 * that are stopped later fail for lack of those that were stopped first.
 */
export function asPreempted(state: PlacedJob, result: AttemptResult): AttemptResult {
  if (state.phase !== 'stopping' || state.cause.kind !== 'preemption') return result;
  const wasStopped = result.reason === 'cancelled' || (isOwnFailure(result) && hasStoppedRank(state));
  if (!wasStopped) return result;
  return { ...result, reason: 'preempted', message: `Stopped for job ${state.cause.forJobId}; it goes on later.` };
}

function isOwnFailure(result: AttemptResult): boolean {
  return !isSuccess(result) && !isInfrastructureLoss(result);
}

function hasStoppedRank({ attempt }: PlacedJob): boolean {
  return attempt.gang?.ranks.some(({ result }) => result?.reason === 'cancelled') ?? false;
}
