// What the scheduler answers to people, and the protocol between it and the agents.
import { Type, type Static } from 'typebox';
import { Ownership } from '../access.ts';
import { StoredEvent } from '../commit.ts';
import {
  AttemptNumber,
  AttemptResult,
  Behind,
  Device,
  JobsPerDevice,
  MetricValues,
  NodeDescription,
  Rendezvous,
} from '../events/job.ts';
import { ArrayPlace, JobSpec, PinnedSpec } from '../job-spec.ts';
import { ManifestSummary } from '../manifest.ts';
import { Bytes, Digest, Id, Labels, Name, Ref, Timestamp, strict } from '../schema.ts';
import { ById, Changed, PageQuery, Stamped, page } from './common.ts';
import { ExpectedTimes } from './forecast.ts';
import { GangPlace, RankView } from './gang.ts';
import { GapsQuery, GapsView } from './gaps.ts';
import { ChangedJobs, JobListing, JobStateName, JobSubmission } from './jobs.ts';
import { rpc } from './rpc.ts';

/** Why a queued job waits. */
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

/** `invited`: a token was issued that nobody has used; `joining`: used, but the agent has not been heard yet. */
export const NodeStateName = Type.Union([
  Type.Literal('invited'),
  Type.Literal('joining'),
  Type.Literal('ready'),
  Type.Literal('draining'),
  Type.Literal('cordoned'),
  Type.Literal('unreachable'),
]);
export type NodeStateName = Static<typeof NodeStateName>;

export const NodeView = strict({
  ...Stamped,
  name: Name,
  state: NodeStateName,
  /** Where other nodes reach it, as its agent says. */
  address: Type.Optional(Type.String()),
  devices: Type.Array(
    strict({
      ...Device.properties,
      /** Of several that share it, one. */
      jobId: Type.Union([Id, Type.Null()]),
      /** Jobs that have a part of it each; absent where nobody shares it. */
      sharedBy: Type.Optional(Type.Array(strict({ jobId: Id, part: Type.Number() }))),
    }),
  ),
  /** So many jobs that ask for parts may share one of its devices; absent: none do. */
  jobsPerDevice: Type.Optional(JobsPerDevice),
  cpus: Type.Number(),
  memoryBytes: Bytes,
  diskBytes: Type.Optional(Bytes),
  labels: Labels,
  agentVersion: Type.String(),
  runtimes: NodeDescription.properties.runtimes,
  reachable: Type.Boolean(),
  /** When its agent was last heard; null: never. */
  lastSeenAt: Type.Union([Timestamp, Type.Null()]),
  /** Who keeps new jobs from it, since when and why. */
  cordon: Type.Union([strict({ reason: Type.String(), by: Type.String(), at: Timestamp }), Type.Null()]),
  /** The token that it may join with, while nobody has. */
  invitation: Type.Union([strict({ by: Type.String(), expiresAt: Timestamp }), Type.Null()]),
});
export type NodeView = Static<typeof NodeView>;

const Reason = Type.Optional(Type.String({ maxLength: 512 }));
export const AddNode = strict({
  /** How it will be called, unless its own configuration says otherwise. */
  name: Type.Optional(Name),
  expiresInHours: Type.Optional(Type.Integer({ minimum: 1, maximum: 720 })),
});
/** The only time that the token is shown. */
export const NodeAdded = strict({ ...Changed.properties, token: Type.String(), expiresAt: Timestamp });
/** The agent makes its credentials itself; what it tells can only check them. */
export const JoinNode = strict({
  token: Type.String({ maxLength: 512 }),
  /** Ed25519, as NATS writes a user's public key. */
  publicKey: Type.String({ pattern: '^U[A-Z2-7]{55}$' }),
  /** SHA-256, lower-case hex, of the token that the agent will send over HTTP. */
  tokenHash: Digest,
});
export const NodeChange = strict({ id: Ref, reason: Reason });
/** How many jobs that ask for parts may share one device there; 1: none. */
export const ShareNode = strict({ id: Ref, jobsPerDevice: JobsPerDevice });
/** The jobs that it still has, which go on to their end. */
export const NodeDraining = strict({ ...Changed.properties, jobs: Type.Array(Id) });
export const RemoveNode = strict({
  id: Ref,
  reason: Reason,
  /** The admin's word that the server is dead: attempts on it count as lost, and their jobs are queued again. */
  force: Type.Optional(Type.Boolean()),
});

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

/** One attempt as its agent is to have it. */
export const DesiredAttempt = strict({
  jobId: Id,
  attempt: AttemptNumber,
  /** `revoke`: give it back, unless it has started. */
  want: Type.Union([Type.Literal('run'), Type.Literal('stop'), Type.Literal('revoke')]),
  jobName: Name,
  ownerId: Id,
  command: PinnedSpec.properties.command,
  env: PinnedSpec.properties.env,
  secrets: PinnedSpec.properties.secrets,
  /** Digest of the code's manifest. */
  code: Type.Union([Digest, Type.Null()]),
  /** `digest` names the dataset version's manifest. */
  datasets: Type.Array(strict({ as: Type.String(), digest: Digest })),
  devices: Type.Array(Device),
  /** Of its one device, which it shares with others; absent: it has its devices alone. */
  devicePart: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
  /** As in the log, with the devices in full; null: start at once. */
  behind: Type.Union([strict({ ...Behind.properties, pool: Type.Array(Device, { minItems: 1 }) }), Type.Null()]),
  gang: Type.Optional(GangPlace),
  cpus: Type.Number(),
  memoryBytes: Bytes,
  timeLimitMs: PinnedSpec.properties.timeLimitMs,
  /** null: the node's own. */
  graceMs: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  earlyStart: Type.Boolean(),
  /** Manifest of the checkpoint folder to begin with, where the node has none of its own. */
  checkpoints: Type.Union([Digest, Type.Null()]),
  /** It runs no longer than the node's lease. */
  onNodeLoss: PinnedSpec.properties.onNodeLoss,
  environment: PinnedSpec.properties.environment,
});
export type DesiredAttempt = Static<typeof DesiredAttempt>;

/** A node's whole desired set. A set of another installation or of an older revision is refused by the agent. */
export const DesiredSet = strict({
  installationId: Type.String(),
  /** Grows with every change: the position in JOBS that it reflects. */
  revision: Type.Integer({ minimum: 0 }),
  attempts: Type.Array(DesiredAttempt),
  /** In the answer to a sync: so long from its question on, attempts with `onNodeLoss: requeue` may run. */
  leaseMs: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type DesiredSet = Static<typeof DesiredSet>;

const AttemptKey = { jobId: Id, attempt: AttemptNumber };
/** What an agent has seen happen; `seq` counts up without gaps in the node's journal. */
export const Fact = Type.Union([
  strict({ type: Type.Literal('starting'), seq: Type.Integer({ minimum: 1 }), ...AttemptKey, at: Timestamp }),
  strict({
    type: Type.Literal('staged'),
    seq: Type.Integer({ minimum: 1 }),
    ...AttemptKey,
    at: Timestamp,
    /** Of rank 0: free on this node when it was asked for. */
    port: Type.Optional(Rendezvous.properties.port),
  }),
  strict({
    type: Type.Literal('started'),
    seq: Type.Integer({ minimum: 1 }),
    ...AttemptKey,
    at: Timestamp,
    /** What a staged attempt took. */
    devices: Type.Optional(Type.Array(Type.String())),
  }),
  /** The checkpoint folder has changed, and is stored as it was at this time. */
  strict({
    type: Type.Literal('checkpointed'),
    seq: Type.Integer({ minimum: 1 }),
    ...AttemptKey,
    at: Timestamp,
    checkpoints: ManifestSummary,
  }),
  strict({ type: Type.Literal('taken'), seq: Type.Integer({ minimum: 1 }), ...AttemptKey, at: Timestamp }),
  /** No process of it is left. */
  strict({ type: Type.Literal('released'), seq: Type.Integer({ minimum: 1 }), ...AttemptKey, at: Timestamp }),
  strict({ type: Type.Literal('revoked'), seq: Type.Integer({ minimum: 1 }), ...AttemptKey, at: Timestamp }),
  strict({
    type: Type.Literal('ended'),
    seq: Type.Integer({ minimum: 1 }),
    ...AttemptKey,
    at: Timestamp,
    result: AttemptResult,
  }),
]);
export type Fact = Static<typeof Fact>;

/** Agent to scheduler, at `rpc.agent.<nodeId>.<operation>`. */
export const agentRpc = {
  /** Sent on connect and every few seconds: registers the node, is its heartbeat, and fetches the desired set. */
  sync: rpc(
    'rpc.agent.*.sync',
    strict({
      node: NodeDescription,
      attempts: Type.Array(
        strict({
          ...AttemptKey,
          phase: Type.String(),
          /** What is being fetched or built, for people: "dataset digits 43 %". */
          progress: Type.Optional(Type.String({ maxLength: 512 })),
        }),
      ),
    }),
    DesiredSet,
  ),
  /** Answered when the facts are in the log: up to `acknowledged` they need not be sent again. */
  facts: rpc(
    'rpc.agent.*.facts',
    strict({ facts: Type.Array(Fact, { maxItems: 1_000 }) }),
    strict({ acknowledged: Type.Integer() }),
  ),
  /** Secret values and the job's own token, for an attempt assigned to this node. */
  secrets: rpc(
    'rpc.agent.*.secrets',
    strict(AttemptKey),
    strict({ values: Type.Record(Type.String(), Type.String()), token: Type.String() }),
  ),
} as const;

/** Names of what the agent measures begin so; a job's own metrics can't. */
export const SYSTEM_METRICS = 'system/';
export const MetricName = Type.String({
  pattern: '^(?!system/)[A-Za-z_][A-Za-z0-9_./@-]{0,63}$',
  description: 'letters, digits and _ . / @ -; at most 64; not beginning with system/',
});

/** One point of a job's metrics, as it travels in METRICS and over REST. */
export const MetricPoint = strict({
  /** Counts up within the attempt and the source: the agent, or REST. */
  seq: Type.Integer({ minimum: 0 }),
  at: Timestamp,
  step: Type.Optional(Type.Number()),
  values: MetricValues,
});
export type MetricPoint = Static<typeof MetricPoint>;
