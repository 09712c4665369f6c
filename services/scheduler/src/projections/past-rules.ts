// Calendars and the policy as they were: folded when somebody asks for a moment in the past.
import { type CalendarEvent, EVENTS_STREAM } from '@baton/contracts';
import type { Projection, Revised } from '@baton/service-host';
import { type Booked, evolveCalendar } from '../domain/calendar.ts';

export interface CalendarDocument extends Revised {
  readonly bookings: readonly Booked[];
}

export const calendarProjection: Projection<CalendarDocument> = {
  name: 'calendars',
  version: 1,
  indexes: [],
  stream: EVENTS_STREAM,
  aggregates: ['calendar'],
  apply(document, { ref, revision, events }) {
    const known = new Map(document?.bookings.map((booked) => [booked.id, booked]));
    const before = { revision: document?.revision ?? 0, bookings: known };
    const { bookings } = (events as CalendarEvent[]).reduce(evolveCalendar, before);
    return { id: ref.id, revision, bookings: [...bookings.values()] };
  },
};

/** Its revision says which version was in force; the log has what it said. */
export const policyProjection: Projection<Revised> = {
  name: 'policy',
  version: 1,
  indexes: [],
  stream: EVENTS_STREAM,
  aggregates: ['policy'],
  apply: (_document, { ref, revision }) => ({ id: ref.id, revision }),
};
