// What may be asked of a node's calendar: to reserve devices that nobody else has at that time, and to give them up.
import type { CalendarEvent } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { type Booked, type CalendarState, evolveCalendar, initialCalendar } from './calendar.ts';

const DAY_MS = 86_400_000;
const MAX_DAYS = 90;
const AHEAD_DAYS = 730;
/** "Now", as it was when somebody wrote it. */
const PAST_TOLERANCE_MS = 60_000;

export type CalendarCommand =
  | {
      readonly type: 'Book';
      readonly booking: Omit<Booked, 'madeAt' | 'cancelled' | 'revision'>;
      readonly now: number;
    }
  | {
      readonly type: 'CancelBooking';
      readonly bookingId: string;
      readonly reason: string;
      readonly by: string;
      readonly now: number;
      /** The revision of the booking that the caller has seen. */
      readonly ifRevision?: number;
    };

type CommandOf<T extends CalendarCommand['type']> = Extract<CalendarCommand, { type: T }>;

export const calendarDecider: Decider<CalendarCommand, CalendarState, CalendarEvent> = {
  initialState: initialCalendar,
  evolve: evolveCalendar,
  decide(command, state) {
    switch (command.type) {
      case 'Book':
        return decideBook(command, state);
      case 'CancelBooking':
        return decideCancel(command, state);
      default:
        return command satisfies never;
    }
  },
};

function decideBook({ booking, now }: CommandOf<'Book'>, { bookings }: CalendarState): CalendarEvent[] {
  const { id: bookingId, devices, userIds, groupIds, ...terms } = booking;
  checkTimes(booking, now);
  if (bookings.has(bookingId)) throw new PlatformError('conflict', 'This reservation has been made before.');
  const clashing = [...bookings.values()].filter((other) => clash(other, booking));
  if (clashing.length > 0) throw taken(clashing);
  const copied = { devices: devices && [...devices], userIds: [...userIds], groupIds: [...groupIds] };
  return [{ type: 'BookingMade', v: 1, data: { bookingId, ...terms, ...copied, at: now } }];
}

function checkTimes({ from, until }: Pick<Booked, 'from' | 'until'>, now: number): void {
  if (until <= from) throw refusal('/for', 'is no time at all: give for example "4h"');
  if (until - from > MAX_DAYS * DAY_MS)
    throw refusal('/for', `is more than ${MAX_DAYS} days; for a server that is away for long, cordon the node`);
  if (from < now - PAST_TOLERANCE_MS) throw refusal('/from', 'is in the past');
  if (from > now + AHEAD_DAYS * DAY_MS) throw refusal('/from', `is more than ${AHEAD_DAYS} days ahead`);
}

function refusal(pointer: string, detail: string): PlatformError {
  const issues = [{ pointer, detail }];
  return new PlatformError('invalid_input', `The reservation is not valid: ${pointer} ${detail}.`, { issues });
}

function clash(one: Booked, other: Pick<Booked, 'devices' | 'from' | 'until'>): boolean {
  if (one.cancelled !== null || one.until <= other.from || other.until <= one.from) return false;
  const { devices } = other;
  return one.devices === null || devices === null || one.devices.some((device) => devices.includes(device));
}

function taken(clashing: readonly Booked[]): PlatformError {
  const named = clashing.map(({ id, devices, reason }) => {
    const what = devices === null ? 'the whole node' : devices.join(', ');
    return `${id} (${what}${reason === '' ? '' : `, ${reason}`})`;
  });
  const which = clashing.length === 1 ? 'it' : 'them';
  const message = `Reserved already at that time: ${named.join('; ')}. Choose other devices or another time, or cancel ${which}.`;
  return new PlatformError('conflict', message);
}

function decideCancel(command: CommandOf<'CancelBooking'>, { bookings }: CalendarState): CalendarEvent[] {
  const { bookingId, reason, by, now, ifRevision } = command;
  const booked = bookings.get(bookingId);
  if (!booked) throw new PlatformError('not_found', `There is no reservation ${bookingId}.`);
  if (ifRevision !== undefined && ifRevision !== booked.revision)
    throw new PlatformError('revision_mismatch', 'It has changed since it was read; read it again.');
  if (booked.cancelled) return [];
  if (booked.until <= now) throw new PlatformError('conflict', 'The reservation is over.');
  return [{ type: 'BookingCancelled', v: 1, data: { bookingId, reason, by, at: now } }];
}
