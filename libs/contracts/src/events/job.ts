// Events of jobs and nodes; only the scheduler's leader writes them.
import { Type, type Static } from 'typebox';
import { Ownership } from '../access.ts';
import { MAX_JOBS_PER_DEVICE } from '../device-part.ts';
import { ArrayPlace, PinnedSpec } from '../job-spec.ts';
import { ManifestSummary } from '../manifest.ts';
import { AttemptNumber, Bytes, Digest, Id, Labels, Name, strict, Timestamp } from '../schema.ts';

export const MetricValues = Type.Record(Type.String(), Type.Number());
export type MetricValues = Static<typeof MetricValues>;

/** Why an attempt ended. `lost`, `start-failed` and `device-lost` are infrastructure losses, never the user's failures. */
export const EndReason = Type.Union([
  Type.Literal('exited'),
  Type.Literal('signalled'),
  Type.Literal('cancelled'),
  /** Stopped for another job; it goes on later. */
  Type.Literal('preempted'),
  Type.Literal('time-limit'),
  /** It started early, and used a card before its turn. */
  Type.Literal('took-early'),
  /** It had its devices for as long as the node allows, and never called `baton.take()`. */
  Type.Literal('not-taken'),
  Type.Literal('out-of-memory'),
  Type.Literal('bad-input'),
  Type.Literal('start-failed'),
  Type.Literal('device-lost'),
  Type.Literal('lost'),
]);
export type EndReason = Static<typeof EndReason>;

const StoredOutput = strict({ digest: Digest, sizeBytes: Bytes });
/** An attempt's output as a whole, in the blob store, secrets masked; null: it wrote nothing there. */
export const AttemptOutput = strict({
  stdout: Type.Union([StoredOutput, Type.Null()]),
  stderr: Type.Union([StoredOutput, Type.Null()]),
});
export type AttemptOutput = Static<typeof AttemptOutput>;

/** Positions of the newest messages in the streams of output and metrics; 0: there are none. */
export const OutputPositions = strict({
  logs: Type.Integer({ minimum: 0 }),
  metrics: Type.Integer({ minimum: 0 }),
});
export type OutputPositions = Static<typeof OutputPositions>;

export const AttemptResult = strict({
  reason: EndReason,
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
  signal: Type.Union([Type.String(), Type.Null()]),
  /** One sentence for people. */
  message: Type.String({ maxLength: 4_096 }),
  /** The last lines of output, at most 50 and 16 KiB; secrets redacted. */
  lastLines: Type.Array(Type.String()),
  finalMetrics: MetricValues,
  /** Of the points that the agent found in its output or measured, as they are sent. Absent where nobody told. */
  metricsBytes: Type.Optional(Bytes),
  /** How many points its agent has numbered; absent where an earlier release has told the end. */
  points: Type.Optional(Type.Integer({ minimum: 0 })),
  artifacts: Type.Union([ManifestSummary, Type.Null()]),
  /** Absent if it could not be stored, or nothing ran: then only the stream has it. */
  output: Type.Optional(AttemptOutput),
  /** The checkpoint folder as it was at the end; a retry on another node begins with it. */
  checkpoints: Type.Optional(Type.Union([ManifestSummary, Type.Null()])),
  /** Of an attempt that the platform gave up without a word of its node: what its node writes behind that does not count. */
  fence: Type.Optional(OutputPositions),
  startedAt: Type.Union([Timestamp, Type.Null()]),
  endedAt: Timestamp,
});
export type AttemptResult = Static<typeof AttemptResult>;

/**
 * The permission to start behind running attempts: once `count` devices of `pool` are free on the node, because the named
 * predecessors have ended (however they ended) and no process of them is left, the attempt takes them and starts.
 */
export const Behind = strict({
  count: Type.Integer({ minimum: 1 }),
  pool: Type.Array(Type.String(), { minItems: 1 }),
  predecessors: Type.Array(strict({ jobId: Id, attempt: AttemptNumber }), { minItems: 1 }),
});
export type Behind = Static<typeof Behind>;

/** Its place in the order of ranks of an attempt on several nodes. Absent where the attempt has one node. */
const Rank = Type.Optional(Type.Integer({ minimum: 0 }));
/** One node's part of an attempt, as the node was called and could be reached when it was assigned. */
export const RankPlace = strict({
  nodeId: Id,
  name: Name,
  address: Type.String({ minLength: 1, maxLength: 255 }),
  devices: Type.Array(Type.String()),
});
export type RankPlace = Static<typeof RankPlace>;
/** Where the ranks of an attempt find each other: a port that was free on rank 0's node. */
export const Rendezvous = strict({
  host: Type.String({ minLength: 1, maxLength: 255 }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
});
export type Rendezvous = Static<typeof Rendezvous>;

/** From when to when something is expected, and the time that it is as likely before as after. */
export const TimeRange = strict({ low: Timestamp, median: Timestamp, high: Timestamp });
export type TimeRange = Static<typeof TimeRange>;
/**
 * The first that was said of a job that had to wait, at `at`: kept to be compared with what then happened. `reckoned`: the ranges from which
 * it was made by what is known of earlier ones; absent: it was said as it was reckoned, without a word of how sure that was.
 */
export const StartForecast = strict({
  at: Timestamp,
  start: TimeRange,
  end: TimeRange,
  reckoned: Type.Optional(strict({ start: TimeRange, end: TimeRange })),
});
export type StartForecast = Static<typeof StartForecast>;

export const jobEvents = {
  JobSubmitted: strict({
    spec: PinnedSpec,
    ...Ownership,
    rerunOf: Type.Optional(Id),
    array: Type.Optional(ArrayPlace),
  }),
  /** It waits until it is released; one that waits behind running attempts is called back. */
  JobHeld: strict({ by: Type.String() }),
  JobReleased: strict({ by: Type.String() }),
  /** It is promised a start on these nodes, not later than `at`. */
  StartReserved: strict({ nodeIds: Type.Array(Id, { minItems: 1 }), at: Timestamp }),
  StartReservationDropped: strict({}),
  /**
   * Dequeue, device allocation and attempt number in one commit, before anything is launched. With `behind`, `devices` are
   * those that it has already, and the rest is promised. With `ranks`, one for each of its nodes, all are assigned or none;
   * `nodeId` and `devices` are then those of rank 0.
   */
  JobAssigned: strict({
    attempt: AttemptNumber,
    nodeId: Id,
    devices: Type.Array(Type.String()),
    behind: Type.Optional(Behind),
    ranks: Type.Optional(Type.Array(RankPlace, { minItems: 2 })),
    forecast: Type.Optional(StartForecast),
  }),
  /** Code, data and environment are in place; the process waits. `port`: free on the node of rank 0. */
  AttemptStaged: strict({
    attempt: AttemptNumber,
    at: Timestamp,
    rank: Rank,
    port: Type.Optional(Rendezvous.properties.port),
  }),
  /** All ranks wait, each with all it needs: now they may start. */
  GangPermitted: strict({ attempt: AttemptNumber, rendezvous: Rendezvous }),
  /** The agent is asked to give a staged attempt back; it answers `revoked` or `started`. */
  RevocationRequested: strict({ attempt: AttemptNumber, reason: Type.String({ maxLength: 1_024 }) }),
  /** The agent has given it back: it never ran, and never will. */
  AttemptRevoked: strict({ attempt: AttemptNumber }),
  /** The agent has it and prepares code, data and environment. */
  AttemptStarting: strict({ attempt: AttemptNumber, rank: Rank }),
  /** `devices`: what a staged attempt took. */
  AttemptStarted: strict({
    attempt: AttemptNumber,
    startedAt: Timestamp,
    devices: Type.Optional(Type.Array(Type.String())),
    rank: Rank,
  }),
  /** It started early, and has now taken its devices at its own `baton.take()`. */
  AttemptTaken: strict({ attempt: AttemptNumber, at: Timestamp }),
  /** No process of it is left: its devices are free, while its artifacts are still being stored. */
  AttemptReleased: strict({ attempt: AttemptNumber, at: Timestamp, rank: Rank }),
  /** One of its ranks has ended; the attempt has when all have. */
  RankEnded: strict({ attempt: AttemptNumber, rank: Type.Integer({ minimum: 0 }), result: AttemptResult }),
  /** `rank` did not end well, or its node is gone: the others are stopped. */
  RanksStopped: strict({
    attempt: AttemptNumber,
    rank: Type.Integer({ minimum: 0 }),
    reason: Type.String({ maxLength: 4_096 }),
  }),
  /** The checkpoint folder as it was while the attempt ran: what a node that dies does not take with it. */
  AttemptCheckpointed: strict({ attempt: AttemptNumber, at: Timestamp, checkpoints: ManifestSummary }),
  CancelRequested: strict({ by: Type.String(), reason: Type.String({ maxLength: 1_024 }) }),
  /** It is to be stopped for the sake of job `for`, and goes on later from its checkpoints. */
  PreemptionRequested: strict({ attempt: AttemptNumber, for: Id, reason: Type.String({ maxLength: 1_024 }) }),
  AttemptEnded: strict({ attempt: AttemptNumber, result: AttemptResult }),
  /** Back to the queue; not before `notBefore`. */
  JobRequeued: strict({
    cause: Type.Union([
      Type.Literal('retry'),
      Type.Literal('infrastructure'),
      Type.Literal('revoked'),
      Type.Literal('preemption'),
    ]),
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
  /** Why it is out of service; absent if it is well. */
  fault: Type.Optional(Type.String({ maxLength: 512 })),
});
export type Device = Static<typeof Device>;

export const NodeDescription = strict({
  name: Name,
  /** Where other nodes reach it: a host name or an IP address. */
  address: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  devices: Type.Array(Device),
  cpus: Type.Number({ minimum: 0 }),
  memoryBytes: Bytes,
  /** Size of the file system that the agent's folder is on. */
  diskBytes: Type.Optional(Bytes),
  labels: Labels,
  agentVersion: Type.String(),
  /** What it can run jobs in; absent: as processes only. */
  runtimes: Type.Optional(Type.Array(Type.Union([Type.Literal('process'), Type.Literal('docker')]))),
});
export type NodeDescription = Static<typeof NodeDescription>;

/** 1: no job shares a device with another. */
export const JobsPerDevice = Type.Integer({ minimum: 1, maximum: MAX_JOBS_PER_DEVICE });
const NodeReason = Type.String({ maxLength: 512 });
export const nodeEvents = {
  /** An admin has issued a one-time token with which a server can join under this id. */
  NodeAdded: strict({
    name: Type.Union([Name, Type.Null()]),
    secretHash: Type.String(),
    expiresAt: Timestamp,
    by: Type.String(),
  }),
  /** The token was used. Of the agent's credentials only what checks them: its public key for NATS, the hash of its REST token. */
  NodeJoined: strict({ publicKey: Type.String(), tokenHash: Type.String() }),
  NodeRegistered: NodeDescription,
  NodeChanged: NodeDescription,
  NodeUnreachable: strict({ lastSeenAt: Timestamp }),
  NodeReachable: strict({}),
  /** A scheduler leads again; since `unwatchedSince` none did. */
  NodeWatchResumed: strict({ unwatchedSince: Timestamp }),
  /** It gets no new jobs, and gives back those that have not started. */
  NodeCordoned: strict({ reason: NodeReason, by: Type.String() }),
  NodeUncordoned: strict({ by: Type.String() }),
  /** So many jobs that ask for parts of a device may share each of its devices from now on; 1: none. Those that run stay. */
  NodeSharingChanged: strict({ jobsPerDevice: JobsPerDevice, by: Type.String() }),
  /** For good: its credentials, or the token that nobody used, are good for nothing any more. */
  NodeRemoved: strict({ reason: NodeReason, by: Type.String(), forced: Type.Boolean() }),
};
