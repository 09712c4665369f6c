// The scheduler's own settings.
import { Type } from 'typebox';

export const SchedulerConfig = Type.Object({
  /** Name of this instance in the leader's lease. Two schedulers of one installation need two names. */
  BATON_INSTANCE: Type.Optional(Type.String({ minLength: 1 })),
});
