// Jobs as the scheduler tells of them, and all that it is asked.
import { Type, type Static } from 'typebox';
import { Ownership } from '../access.ts';
import { StoredEvent } from '../commit.ts';
import { AttemptResult, Behind } from '../events/job.ts';
import { ArrayPlace, JobSpec, PinnedSpec } from '../job-spec.ts';
import { ManifestSummary } from '../manifest.ts';
import { AttemptNumber, Id, Name, Ref, strict, Timestamp } from '../schema.ts';
import { ById, Changed, PageQuery, Stamped, page } from './common.ts';
import { ExpectedTimes } from './forecast.ts';
import { RankView } from './gang.ts';
import { GapsQuery, GapsView } from './gaps.ts';
import { ChangedJobs, JobListing, JobStateName, JobSubmission } from './jobs.ts';
import { AddNode, JoinNode, NodeAdded, NodeChange, NodeDraining, NodeView, RemoveNode, ShareNode } from './nodes.ts';
import { rpc } from './rpc.ts';

/** Why a job waits that is queued, or has no process yet. */
export const WaitCode = Type.Union([
  Type.Literal('behind-in-queue'),
  Type.Literal('devices-busy'),
  Type.Literal('cpus-busy'),
  Type.Literal('memory-busy'),
  Type.Literal('node-unreachable'),
  Type.Literal('node-cordoned'),
  Type.Literal('no-node'),
  Type.Literal('retry-backoff'),
  Type.Literal('staged-behind'),
  /** It has its devices, and what it needs is being put in place. */
  Type.Literal('staging'),
  Type.Literal('user-quota'),
  Type.Literal('group-quota'),
  /** It would fit, but would delay a job that was promised a start. */
  Type.Literal('reserved'),
  /** It would fit, but would run into a booking for others. */
  Type.Literal('booked'),
  Type.Literal('held'),
  Type.Literal('begin-later'),
  Type.Literal('waiting-for-job'),
  Type.Literal('array-limit'),
  /** Its submission was interrupted before all of the array's jobs were in the log. */
  Type.Literal('array-incomplete'),
]);
export type WaitCode = Static<typeof WaitCode>;
export const WaitReason = strict({
  code: WaitCode,
  /** One sentence for people. */
  message: Type.String(),
  /** 1 = next. */
  position: Type.Integer({ minimum: 1 }),
  /** Jobs that hold what it waits for, or whose end it waits for. */
  heldBy: Type.Array(Id),
});
export type WaitReason = Static<typeof WaitReason>;

export const AttemptView = strict({
  attempt: AttemptNumber,
  nodeId: Id,
  nodeName: Type.String(),
  devices: Type.Array(Type.String()),
  assignedAt: Timestamp,
  /** When everything was in place behind the running attempts; absent if it did not have to wait. */
  stagedAt: Type.Optional(Timestamp),
  behind: Type.Optional(Behind),
  /** When an early-started job took its devices. */
  takenAt: Type.Optional(Timestamp),
  startedAt: Type.Union([Timestamp, Type.Null()]),
  endedAt: Type.Union([Timestamp, Type.Null()]),
  /** Of a job on several nodes, in order; node and devices above are those of rank 0. */
  ranks: Type.Optional(Type.Array(RankView)),
  /** What was stored last of its checkpoint folder, and when: while it ran, or at its end. */
  checkpoints: Type.Optional(strict({ ...ManifestSummary.properties, at: Timestamp })),
  result: Type.Union([AttemptResult, Type.Null()]),
});
export type AttemptView = Static<typeof AttemptView>;

export const JobView = strict({
  ...Stamped,
  ...Ownership,
  name: Name,
  state: JobStateName,
  flags: strict({
    held: Type.Boolean(),
    staged: Type.Boolean(),
    unreachable: Type.Boolean(),
    cancelRequested: Type.Boolean(),
  }),
  counters: strict({ userFailures: Type.Integer(), infrastructureLosses: Type.Integer(), preemptions: Type.Integer() }),
  /** One sentence on the present state or the end. */
  message: Type.String(),
  /** Who asked for its cancellation. `byName` is there for those who may see that user. */
  cancellation: Type.Optional(
    strict({ by: Type.String(), byName: Type.Optional(Type.String()), reason: Type.String(), at: Timestamp }),
  ),
  waiting: Type.Union([WaitReason, Type.Null()]),
  /** Of a single job that is not over, where it was reckoned lately; lists don't have it. */
  expected: Type.Optional(ExpectedTimes),
  spec: PinnedSpec,
  attempts: Type.Array(AttemptView),
  rerunOf: Type.Union([Id, Type.Null()]),
  array: Type.Optional(ArrayPlace),
  /** When retention has removed what; lists don't have it. */
  removed: Type.Optional(strict({ output: Type.Optional(Timestamp), metrics: Type.Optional(Timestamp) })),
});
export type JobView = Static<typeof JobView>;

export const JobEventView = strict({
  /** Position in the log; the `id` of the event stream. */
  position: Type.Integer({ minimum: 1 }),
  revision: Type.Integer({ minimum: 1 }),
  at: Timestamp,
  actor: Type.String(),
  events: Type.Array(StoredEvent),
});
export type JobEventView = Static<typeof JobEventView>;

export const schedulerRpc = {
  submit: rpc('rpc.scheduler.submit', JobSpec, JobSubmission),
  /** Of one job or, by its id, of a whole array; as are the two that follow. */
  cancel: rpc(
    'rpc.scheduler.cancel',
    strict({ id: Ref, reason: Type.Optional(Type.String({ maxLength: 1_024 })) }),
    ChangedJobs,
  ),
  hold: rpc('rpc.scheduler.hold', ById, ChangedJobs),
  release: rpc('rpc.scheduler.release', ById, ChangedJobs),
  /** Submits the same pinned specification again. */
  rerun: rpc('rpc.scheduler.rerun', ById, Changed),
  getJob: rpc('rpc.scheduler.get-job', ById, JobView),
  listJobs: rpc('rpc.scheduler.list-jobs', JobListing, page(JobView)),
  jobEvents: rpc('rpc.scheduler.job-events', ById, strict({ items: Type.Array(JobEventView) })),
  getNode: rpc('rpc.scheduler.get-node', ById, NodeView),
  /** Where every second of every device went. */
  gaps: rpc('rpc.scheduler.gaps', GapsQuery, GapsView),
  listNodes: rpc('rpc.scheduler.list-nodes', strict(PageQuery), page(NodeView)),
  addNode: rpc('rpc.scheduler.add-node', AddNode, NodeAdded),
  joinNode: rpc('rpc.scheduler.join-node', JoinNode, strict({ id: Id, name: Type.Union([Name, Type.Null()]) })),
  cordonNode: rpc('rpc.scheduler.cordon-node', NodeChange, Changed),
  uncordonNode: rpc('rpc.scheduler.uncordon-node', ById, Changed),
  shareNode: rpc('rpc.scheduler.share-node', ShareNode, Changed),
  drainNode: rpc('rpc.scheduler.drain-node', NodeChange, NodeDraining),
  removeNode: rpc('rpc.scheduler.remove-node', RemoveNode, Changed),
  /** System only: whose token this is; `unauthenticated` if no agent's. */
  authenticateAgent: rpc(
    'rpc.scheduler.authenticate-agent',
    strict({ token: Type.String({ maxLength: 512 }) }),
    strict({ nodeId: Id }),
  ),
} as const;
