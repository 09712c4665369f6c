// Events of jobs and nodes; only the scheduler's leader writes them.
import { Type, type Static } from 'typebox';
import { Ownership } from '../access.ts';
import { PinnedSpec } from '../job-spec.ts';
import { ManifestSummary } from '../manifest.ts';
import { Bytes, Id, Labels, Name, Timestamp, strict } from '../schema.ts';

export const AttemptNumber = Type.Integer({ minimum: 1 });
export const MetricValues = Type.Record(Type.String(), Type.Number());
export type MetricValues = Static<typeof MetricValues>;

/** Why an attempt ended. `lost`, `start-failed` and `device-lost` are infrastructure losses, never the user's failures. */
export const EndReason = Type.Union([
  Type.Literal('exited'),
  Type.Literal('signalled'),
  Type.Literal('cancelled'),
  Type.Literal('time-limit'),
  Type.Literal('out-of-memory'),
  Type.Literal('bad-input'),
  Type.Literal('start-failed'),
  Type.Literal('device-lost'),
  Type.Literal('lost'),
]);
export type EndReason = Static<typeof EndReason>;

export const AttemptResult = strict({
  reason: EndReason,
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
  signal: Type.Union([Type.String(), Type.Null()]),
  /** One sentence for people. */
  message: Type.String({ maxLength: 4_096 }),
  /** The last lines of output, at most 50 and 16 KiB; secrets redacted. */
  lastLines: Type.Array(Type.String()),
  finalMetrics: MetricValues,
  artifacts: Type.Union([ManifestSummary, Type.Null()]),
  startedAt: Type.Union([Timestamp, Type.Null()]),
  endedAt: Timestamp,
});
export type AttemptResult = Static<typeof AttemptResult>;

export const jobEvents = {
  JobSubmitted: strict({ spec: PinnedSpec, ...Ownership, rerunOf: Type.Optional(Id) }),
  /** Dequeue, device allocation and attempt number in one commit, before anything is launched. */
  JobAssigned: strict({ attempt: AttemptNumber, nodeId: Id, devices: Type.Array(Type.String(), { minItems: 1 }) }),
  /** The agent has it and prepares code, data and environment. */
  AttemptStarting: strict({ attempt: AttemptNumber }),
  AttemptStarted: strict({ attempt: AttemptNumber, startedAt: Timestamp }),
  CancelRequested: strict({ by: Type.String(), reason: Type.String({ maxLength: 1_024 }) }),
  AttemptEnded: strict({ attempt: AttemptNumber, result: AttemptResult }),
  /** Back to the queue; not before `notBefore`. */
  JobRequeued: strict({
    cause: Type.Union([Type.Literal('retry'), Type.Literal('infrastructure')]),
    notBefore: Timestamp,
  }),
  JobSucceeded: strict({}),
  JobFailed: strict({ message: Type.String() }),
  JobCancelled: strict({}),
};

export const Device = strict({
  /** Stable in its node: `cpu-0`, or the GPU's UUID. */
  id: Type.String({ minLength: 1, maxLength: 128 }),
  kind: Type.Union([Type.Literal('gpu'), Type.Literal('cpu')]),
  index: Type.Integer({ minimum: 0 }),
  model: Type.String(),
  memoryBytes: Bytes,
});
export type Device = Static<typeof Device>;

export const NodeDescription = strict({
  name: Name,
  devices: Type.Array(Device),
  cpus: Type.Number({ minimum: 0 }),
  memoryBytes: Bytes,
  labels: Labels,
  agentVersion: Type.String(),
});
export type NodeDescription = Static<typeof NodeDescription>;

export const nodeEvents = {
  NodeRegistered: NodeDescription,
  NodeChanged: NodeDescription,
  NodeUnreachable: strict({ lastSeenAt: Timestamp }),
  NodeReachable: strict({}),
};
