// What the scheduler answers to people, and the protocol between it and the agents.
import { Type, type Static } from 'typebox';
import { Ownership } from '../access.ts';
import { StoredEvent } from '../commit.ts';
import { AttemptNumber, AttemptResult, Behind, Device, MetricValues, NodeDescription } from '../events/job.ts';
import { JobSpec, PinnedSpec } from '../job-spec.ts';
import { Bytes, Digest, Id, Labels, Name, Ref, Timestamp, strict } from '../schema.ts';
import { ById, Changed, PageQuery, Stamped, page } from './common.ts';
import { rpc } from './rpc.ts';

export const JOB_STATES = [
  'queued',
  'assigned',
  'starting',
  'running',
  'stopping',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type JobStateName = (typeof JOB_STATES)[number];
export const JobStateName = Type.Union([
  Type.Literal('queued'),
  Type.Literal('assigned'),
  Type.Literal('starting'),
  Type.Literal('running'),
  Type.Literal('stopping'),
  Type.Literal('succeeded'),
  Type.Literal('failed'),
  Type.Literal('cancelled'),
]);
export function isFinal(state: JobStateName): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** Why a queued job waits. */
export const WaitCode = Type.Union([
  Type.Literal('behind-in-queue'),
  Type.Literal('devices-busy'),
  Type.Literal('cpus-busy'),
  Type.Literal('memory-busy'),
  Type.Literal('node-unreachable'),
  Type.Literal('no-node'),
  Type.Literal('retry-backoff'),
  Type.Literal('staged-behind'),
]);
export type WaitCode = Static<typeof WaitCode>;
export const WaitReason = strict({
  code: WaitCode,
  /** One sentence for people. */
  message: Type.String(),
  /** 1 = next. */
  position: Type.Integer({ minimum: 1 }),
  /** Jobs that hold what it waits for. */
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
  startedAt: Type.Union([Timestamp, Type.Null()]),
  endedAt: Type.Union([Timestamp, Type.Null()]),
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
  waiting: Type.Union([WaitReason, Type.Null()]),
  spec: PinnedSpec,
  attempts: Type.Array(AttemptView),
  rerunOf: Type.Union([Id, Type.Null()]),
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

export const NodeView = strict({
  ...Stamped,
  name: Name,
  devices: Type.Array(strict({ ...Device.properties, jobId: Type.Union([Id, Type.Null()]) })),
  cpus: Type.Number(),
  memoryBytes: Bytes,
  labels: Labels,
  agentVersion: Type.String(),
  reachable: Type.Boolean(),
});
export type NodeView = Static<typeof NodeView>;

export const JobListing = strict({
  ...PageQuery,
  state: Type.Optional(JobStateName),
  active: Type.Optional(Type.Boolean()),
  owner: Type.Optional(Id),
  name: Type.Optional(Name),
  node: Type.Optional(Ref),
});

export const schedulerRpc = {
  submit: rpc('rpc.scheduler.submit', JobSpec, Changed),
  cancel: rpc(
    'rpc.scheduler.cancel',
    strict({ id: Ref, reason: Type.Optional(Type.String({ maxLength: 1_024 })) }),
    Changed,
  ),
  /** Submits the same pinned specification again. */
  rerun: rpc('rpc.scheduler.rerun', ById, Changed),
  getJob: rpc('rpc.scheduler.get-job', ById, JobView),
  listJobs: rpc('rpc.scheduler.list-jobs', JobListing, page(JobView)),
  jobEvents: rpc('rpc.scheduler.job-events', ById, strict({ items: Type.Array(JobEventView) })),
  getNode: rpc('rpc.scheduler.get-node', ById, NodeView),
  listNodes: rpc('rpc.scheduler.list-nodes', strict(PageQuery), page(NodeView)),
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
  /** As in the log, with the devices in full; null: start at once. */
  behind: Type.Union([strict({ ...Behind.properties, pool: Type.Array(Device, { minItems: 1 }) }), Type.Null()]),
  cpus: Type.Number(),
  memoryBytes: Bytes,
  shmBytes: Bytes,
  timeLimitMs: PinnedSpec.properties.timeLimitMs,
  /** null: the node's own. */
  graceMs: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  earlyStart: Type.Boolean(),
  /** Manifest of the checkpoint folder to begin with, where the node has none of its own. */
  checkpoints: Type.Union([Digest, Type.Null()]),
  environment: PinnedSpec.properties.environment,
});
export type DesiredAttempt = Static<typeof DesiredAttempt>;

/** A node's whole desired set. A set of another installation or of an older revision is refused by the agent. */
export const DesiredSet = strict({
  installationId: Type.String(),
  /** Grows with every change: the position in JOBS that it reflects. */
  revision: Type.Integer({ minimum: 0 }),
  attempts: Type.Array(DesiredAttempt),
});
export type DesiredSet = Static<typeof DesiredSet>;

const AttemptKey = { jobId: Id, attempt: AttemptNumber };
/** What an agent has seen happen; `seq` counts up without gaps in the node's journal. */
export const Fact = Type.Union([
  strict({ type: Type.Literal('starting'), seq: Type.Integer({ minimum: 1 }), ...AttemptKey, at: Timestamp }),
  strict({ type: Type.Literal('staged'), seq: Type.Integer({ minimum: 1 }), ...AttemptKey, at: Timestamp }),
  strict({
    type: Type.Literal('started'),
    seq: Type.Integer({ minimum: 1 }),
    ...AttemptKey,
    at: Timestamp,
    /** What a staged attempt took. */
    devices: Type.Optional(Type.Array(Type.String())),
  }),
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

/** One point of a job's metrics, as it travels in METRICS and over REST. */
export const MetricPoint = strict({
  /** Counts up within the attempt. */
  seq: Type.Integer({ minimum: 0 }),
  at: Timestamp,
  step: Type.Optional(Type.Number()),
  values: MetricValues,
});
export type MetricPoint = Static<typeof MetricPoint>;
