// The read model of jobs: one document a job, as lists and single reads show it.
import {
  type AttemptView,
  isFinal,
  type JobEvent,
  type JobStateName,
  type JobView,
  type RankPlace,
  type RankView,
} from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Projection } from '@baton/service-host';
import { countersAfter } from '../domain/job.ts';

/** `waiting`, node names and `unreachable` are not in the log: they are filled in when it is read. */
export interface JobDocument extends JobView {
  readonly active: boolean;
  /** The newest attempt's node. */
  readonly nodeId: string | null;
  /** All nodes of the newest attempt, so that it is found by each of them. */
  readonly onNodes: Readonly<Record<string, true>>;
  readonly arrayId: string | null;
}

export const jobProjection: Projection<JobDocument> = {
  name: 'jobs',
  version: 7,
  indexes: [
    ['name'],
    ['ownerId', 'createdAt'],
    ['state', 'createdAt'],
    ['active', 'createdAt'],
    ['arrayId', 'createdAt'],
  ],
  stream: 'JOBS',
  aggregates: ['job'],
  apply(document, commit) {
    let current = document;
    for (const event of commit.events as JobEvent[]) current = applyEvent(current, event, commit);
    return current && { ...current, revision: commit.revision, updatedAt: commit.at, active: !isFinal(current.state) };
  },
};

function applyEvent(document: JobDocument | null, event: JobEvent, commit: RecordedCommit): JobDocument | null {
  if (event.type === 'JobSubmitted') return submitted(event.data, commit);
  return document && applyToExisting(document, event, commit);
}

function submitted(data: Extract<JobEvent, { type: 'JobSubmitted' }>['data'], commit: RecordedCommit): JobDocument {
  const { spec, ownerId, groupId, visibility, rerunOf, array } = data;
  return {
    id: commit.ref.id,
    revision: commit.revision,
    createdAt: commit.at,
    updatedAt: commit.at,
    ownerId,
    groupId,
    visibility,
    name: spec.name,
    state: 'queued',
    flags: { held: spec.hold ?? false, staged: false, unreachable: false, cancelRequested: false },
    counters: { userFailures: 0, infrastructureLosses: 0, preemptions: 0 },
    message: '',
    waiting: null,
    spec,
    attempts: [],
    rerunOf: rerunOf ?? null,
    ...(array === undefined ? {} : { array }),
    active: true,
    nodeId: null,
    onNodes: {},
    arrayId: array?.id ?? null,
  };
}

type LaterEvent = Exclude<JobEvent, { type: 'JobSubmitted' }>;
type AttemptEvent = Extract<
  LaterEvent,
  {
    type:
      | 'JobAssigned'
      | 'AttemptStaged'
      | 'AttemptStarting'
      | 'AttemptStarted'
      | 'AttemptTaken'
      | 'AttemptCheckpointed'
      | 'RankEnded'
      | 'AttemptEnded';
  }
>;

function applyToExisting(document: JobDocument, event: LaterEvent, commit: RecordedCommit): JobDocument {
  switch (event.type) {
    case 'JobAssigned':
    case 'AttemptStaged':
    case 'AttemptStarting':
    case 'AttemptStarted':
    case 'AttemptCheckpointed':
    case 'AttemptTaken':
    case 'RankEnded':
    case 'AttemptEnded':
      return applyToAttempt(document, event, commit);
    case 'AttemptRevoked':
      return revoked(document, event.data.attempt);
    case 'RevocationRequested':
    case 'GangPermitted':
    case 'StartReserved':
    case 'StartReservationDropped':
      return document;
    case 'JobHeld':
    case 'JobReleased':
      return { ...document, flags: { ...document.flags, held: event.type === 'JobHeld' } };
    case 'PreemptionRequested':
      return { ...document, state: 'stopping', message: event.data.reason };
    // Nothing of it runs; what it left behind is being stored. The other ranks of it, if it has some, run on.
    case 'AttemptReleased':
      return event.data.rank === undefined ? { ...document, state: 'stopping' } : document;
    case 'RanksStopped':
      return { ...document, state: 'stopping', message: event.data.reason };
    case 'CancelRequested':
      return cancelRequested(document, event.data, commit);
    case 'JobRequeued':
      return { ...document, state: 'queued' };
    case 'JobSucceeded':
      return over(document, 'succeeded');
    case 'JobFailed':
      return { ...over(document, 'failed'), message: event.data.message };
    case 'JobCancelled':
      return over(document, 'cancelled');
    default:
      return event satisfies never;
  }
}

function applyToAttempt(document: JobDocument, event: AttemptEvent, commit: RecordedCommit): JobDocument {
  switch (event.type) {
    case 'JobAssigned': {
      const attempts = [...document.attempts, assigned(event.data, commit)];
      const { nodeId, ranks = [{ nodeId }] } = event.data;
      const onNodes = Object.fromEntries(ranks.map((rank) => [rank.nodeId, true] as const));
      return { ...document, state: 'assigned', message: '', nodeId, onNodes, attempts };
    }
    case 'AttemptStaged': {
      const { attempt, rank, at } = event.data;
      // With other ranks to come it says nothing of the whole.
      if (rank !== undefined) return withRank(document, { attempt, rank }, { stagedAt: at });
      const staged = { ...document, flags: { ...document.flags, staged: true } };
      return withAttempt(staged, attempt, { stagedAt: at });
    }
    case 'AttemptStarting':
      return { ...document, state: document.state === 'assigned' ? 'starting' : document.state };
    case 'AttemptStarted':
      return started(document, event.data);
    case 'AttemptTaken':
      return withAttempt(document, event.data.attempt, { takenAt: event.data.at });
    case 'AttemptCheckpointed': {
      const { attempt, at, checkpoints } = event.data;
      return withAttempt(document, attempt, { checkpoints: { ...checkpoints, at } });
    }
    case 'RankEnded': {
      const { result } = event.data;
      return withRank(document, event.data, { endedAt: result.endedAt, result });
    }
    case 'AttemptEnded':
      return ended(document, event.data);
    default:
      return event satisfies never;
  }
}

function started(document: JobDocument, data: Extract<JobEvent, { type: 'AttemptStarted' }>['data']): JobDocument {
  const { attempt, startedAt, devices, rank } = data;
  const state = document.state === 'stopping' ? 'stopping' : 'running';
  const begun = { ...document, state, flags: { ...document.flags, staged: false } } as const;
  if (rank !== undefined) return rankStarted(withRank(begun, { attempt, rank }, { startedAt }), attempt, startedAt);
  return withAttempt(begun, attempt, devices === undefined ? { startedAt } : { startedAt, devices });
}

/** The attempt has started with the first of them. */
function rankStarted(document: JobDocument, attempt: number, startedAt: number): JobDocument {
  const known = document.attempts.find((view) => view.attempt === attempt)?.startedAt ?? startedAt;
  return withAttempt(document, attempt, { startedAt: Math.min(known, startedAt) });
}

/** It never ran: only its number stays used. */
function revoked(document: JobDocument, attempt: number): JobDocument {
  const attempts = document.attempts.filter((view) => view.attempt !== attempt);
  return { ...document, attempts, nodeId: null, onNodes: {}, flags: { ...document.flags, staged: false } };
}

function cancelRequested(
  document: JobDocument,
  { by, reason }: Extract<JobEvent, { type: 'CancelRequested' }>['data'],
  { at }: RecordedCommit,
): JobDocument {
  const flags = { ...document.flags, cancelRequested: true };
  const state = document.state === 'queued' ? 'queued' : 'stopping';
  return { ...document, flags, state, message: reason, cancellation: { by, reason, at } };
}

function assigned(data: Extract<JobEvent, { type: 'JobAssigned' }>['data'], commit: RecordedCommit): AttemptView {
  const { attempt, nodeId, devices, behind, ranks } = data;
  return {
    ...(behind === undefined ? {} : { behind }),
    ...(ranks === undefined ? {} : { ranks: ranks.map(rankView) }),
    attempt,
    nodeId,
    nodeName: nodeId,
    devices,
    assignedAt: commit.at,
    startedAt: null,
    endedAt: null,
    result: null,
  };
}

function rankView({ nodeId, name, devices }: RankPlace, rank: number): RankView {
  return { rank, nodeId, nodeName: name, devices, startedAt: null, endedAt: null, result: null };
}

function ended(document: JobDocument, data: Extract<JobEvent, { type: 'AttemptEnded' }>['data']): JobDocument {
  const { attempt, result } = data;
  const counters = { ...document.counters, ...countersAfter(document.counters, result) };
  const stored = result.checkpoints ? { checkpoints: { ...result.checkpoints, at: result.endedAt } } : {};
  const view = { endedAt: result.endedAt, result, ...stored };
  return { ...withAttempt(document, attempt, view), counters, message: result.message };
}

function withAttempt(document: JobDocument, attempt: number, change: Partial<AttemptView>): JobDocument {
  return {
    ...document,
    attempts: document.attempts.map((view) => (view.attempt === attempt ? { ...view, ...change } : view)),
  };
}

function withRank(
  document: JobDocument,
  { attempt, rank }: { readonly attempt: number; readonly rank: number },
  change: Partial<RankView>,
): JobDocument {
  const ranks = document.attempts.find((view) => view.attempt === attempt)?.ranks ?? [];
  const changed = ranks.map((view) => (view.rank === rank ? { ...view, ...change } : view));
  return withAttempt(document, attempt, { ranks: changed });
}

function over(document: JobDocument, state: JobStateName): JobDocument {
  return { ...document, state, flags: { ...document.flags, staged: false } };
}
