// Nodes and devices that people have reserved for a time.
import { Type, type Static } from 'typebox';
import { calendarEvents } from '../events/policy.ts';
import { Ref, Timestamp, strict } from '../schema.ts';
import { ById, Changed, PageQuery, Stamped, page } from './common.ts';
import { rpc } from './rpc.ts';

export const BookingState = Type.Union([
  Type.Literal('coming'),
  Type.Literal('current'),
  Type.Literal('over'),
  Type.Literal('cancelled'),
]);
export type BookingState = Static<typeof BookingState>;

const { nodeId, devices, from, until, userIds, groupIds, reason, by } = calendarEvents.BookingMade.properties;
export const BookingView = strict({
  ...Stamped,
  state: BookingState,
  nodeId,
  nodeName: Type.String(),
  devices,
  from,
  until,
  /** Whose jobs may start into it; nobody's, if `groupIds` is empty as well: a repair. */
  userIds,
  groupIds,
  reason,
  by,
  cancelled: Type.Union([strict({ by, reason, at: Timestamp }), Type.Null()]),
});
export type BookingView = Static<typeof BookingView>;

const Reason = Type.Optional(Type.String({ maxLength: 512 }));
const People = Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 256 }));
export const MakeBooking = strict({
  /** Name or id. */
  node: Ref,
  /** Ids, or the numbers of GPUs (of CPU slots on a node without GPUs); all of the node if absent. */
  devices: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 1_024, uniqueItems: true }),
  ),
  /** Now, if absent. */
  from: Type.Optional(Timestamp),
  /** Seconds, or text such as "4h". At most 90 days. */
  for: Type.Union([Type.Number(), Type.String({ maxLength: 64 })]),
  /** Ids or e-mail addresses. */
  users: People,
  /** Ids or names. */
  groups: People,
  /** For nobody: said in place of users and groups. */
  repair: Type.Optional(Type.Boolean()),
  reason: Reason,
});
export type MakeBooking = Static<typeof MakeBooking>;
export const CancelBooking = strict({ id: Ref, reason: Reason });
export const ListBookings = strict({
  limit: PageQuery.limit,
  cursor: PageQuery.cursor,
  node: Type.Optional(Ref),
  /** Also those that are over or cancelled. */
  all: Type.Optional(Type.Boolean()),
});
export type ListBookings = Static<typeof ListBookings>;

export const bookingRpc = {
  make: rpc('rpc.scheduler.make-booking', MakeBooking, Changed),
  list: rpc('rpc.scheduler.list-bookings', ListBookings, page(BookingView)),
  get: rpc('rpc.scheduler.get-booking', ById, BookingView),
  cancel: rpc('rpc.scheduler.cancel-booking', CancelBooking, Changed),
} as const;
