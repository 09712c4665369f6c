// The scheduler's own settings.
import { Type } from 'typebox';

export const SchedulerConfig = Type.Object({
  /** Name of this instance in the leader's lease. Two schedulers of one installation need two names. */
  BATON_INSTANCE: Type.Optional(Type.String({ minLength: 1 })),
  /** Where the public keys of agents that have joined are written, for nats-server's configuration; nowhere if absent. */
  BATON_AGENT_KEYS_FILE: Type.Optional(Type.String({ minLength: 1 })),
  /**
   * How long a job with `onNodeLoss: requeue` may run without its node being heard; 60 if absent. To be made shorter only while every node is
   * heard: the longer one was promised before.
   */
  BATON_NODE_LEASE_SECONDS: Type.Optional(Type.String({ pattern: '^[1-9]\\d{0,4}$' })),
  /** Where what was folded of the log is kept for the next start; nowhere if absent. May be deleted at any time. */
  BATON_SNAPSHOT_FOLDER: Type.Optional(Type.String({ minLength: 1 })),
  /** The installation's blobs: whole outputs are thrown away from there when retention has removed them. Without it they stay. */
  BATON_BLOB_FOLDER: Type.Optional(Type.String({ minLength: 1 })),
  /** When the log was restored from a backup last, milliseconds since the Unix epoch; never if absent. */
  BATON_RESTORED_AT: Type.Optional(Type.String({ pattern: '^\\d+$' })),
});
