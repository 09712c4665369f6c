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
});
