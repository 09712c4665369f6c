// The calendar of one node: which of its devices people have reserved, for whom, from when to when.
import type { CalendarEvent } from '@baton/contracts';

export interface Booked {
  readonly id: string;
  readonly nodeId: string;
  /** Null: the whole node. */
  readonly devices: readonly string[] | null;
  readonly from: number;
  readonly until: number;
  /** Whose jobs may start into it; nobody's if both are empty. */
  readonly userIds: readonly string[];
  readonly groupIds: readonly string[];
  readonly reason: string;
  readonly by: string;
  readonly madeAt: number;
  readonly cancelled: { readonly by: string; readonly reason: string; readonly at: number } | null;
  /** The calendar's when this booking was changed last. */
  readonly revision: number;
}

export interface CalendarState {
  /** A commit has one event: this is their number. */
  readonly revision: number;
  readonly bookings: ReadonlyMap<string, Booked>;
}

export const initialCalendar: CalendarState = { revision: 0, bookings: new Map() };

export function evolveCalendar(state: CalendarState, event: CalendarEvent): CalendarState {
  const revision = state.revision + 1;
  switch (event.type) {
    case 'BookingMade': {
      const { bookingId: id, at: madeAt, ...terms } = event.data;
      return withBooking(state, { ...terms, id, madeAt, cancelled: null, revision });
    }
    case 'BookingCancelled': {
      const { bookingId, ...cancelled } = event.data;
      const booked = state.bookings.get(bookingId);
      return booked ? withBooking(state, { ...booked, cancelled, revision }) : { ...state, revision };
    }
    default:
      return event satisfies never;
  }
}

function withBooking({ bookings }: CalendarState, booked: Booked): CalendarState {
  return { revision: booked.revision, bookings: new Map(bookings).set(booked.id, booked) };
}
