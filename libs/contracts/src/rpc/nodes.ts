// Nodes as people see them, and what admins change of them.
import { Type, type Static } from 'typebox';
import { Device, JobsPerDevice, NodeDescription } from '../events/job.ts';
import { Bytes, Digest, Id, Labels, Name, Ref, Timestamp, strict } from '../schema.ts';
import { Changed, Stamped } from './common.ts';

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
      /** Whether a job has it, or parts of it. */
      held: Type.Boolean(),
      /** Of several that share it, one; null: none that the caller may read. */
      jobId: Type.Union([Id, Type.Null()]),
      /** Jobs that have a part of it each, null for those that the caller may not read; absent where nobody shares it. */
      sharedBy: Type.Optional(Type.Array(strict({ jobId: Type.Union([Id, Type.Null()]), part: Type.Number() }))),
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
