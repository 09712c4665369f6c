// The protocol between the scheduler and the agents: what a node is to have, and what it has seen happen.
import { Type, type Static } from 'typebox';
import { AttemptResult, Behind, Device, NodeDescription, Rendezvous } from '../events/job.ts';
import { PinnedSpec } from '../job-spec.ts';
import { ManifestSummary } from '../manifest.ts';
import { AttemptNumber, Bytes, Digest, Id, Name, strict, Timestamp } from '../schema.ts';
import { GangPlace } from './gang.ts';
import { rpc } from './rpc.ts';

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
