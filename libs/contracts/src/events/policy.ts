// Events of the scheduling policy, and of the calendars in which nodes are reserved by people.
import { Type } from 'typebox';
import { Policy } from '../policy.ts';
import { Id, Timestamp, strict } from '../schema.ts';

/** There is one policy. No random id has zeros. */
export const POLICY_ID = 'pol_00000000000000000000000000';

export const policyEvents = {
  /** Takes the place of the whole policy. Revision N of the aggregate is version N of the policy. */
  PolicyChanged: strict({ policy: Policy, comment: Type.Optional(Type.String({ maxLength: 512 })) }),
};

const Reason = Type.String({ maxLength: 512 });
export const calendarEvents = {
  /** Devices of the node are kept for some people from a time to another; for nobody if both lists are empty. */
  BookingMade: strict({
    bookingId: Id,
    nodeId: Id,
    /** Null: the whole node. */
    devices: Type.Union([Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1 }), Type.Null()]),
    from: Timestamp,
    until: Timestamp,
    userIds: Type.Array(Id),
    groupIds: Type.Array(Id),
    reason: Reason,
    by: Type.String(),
    at: Timestamp,
  }),
  BookingCancelled: strict({ bookingId: Id, reason: Reason, by: Type.String(), at: Timestamp }),
};
