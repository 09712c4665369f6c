// The calendar of a node: no device is reserved twice at one time, whatever is asked in whichever order.
import type { CalendarEvent } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { assert, array, constantFrom, nat, property, record, subarray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CalendarCommand, calendarDecider } from './calendar.commands.ts';
import { type CalendarState, evolveCalendar, initialCalendar } from './calendar.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_000 * DAY;
type Book = Extract<CalendarCommand, { type: 'Book' }>;

function book(id: string, change: Partial<Book['booking']> = {}): Book {
  const terms = {
    devices: null,
    from: NOW,
    until: NOW + HOUR,
    userIds: ['usr_a'],
    groupIds: [],
    reason: 'exam',
    by: 'usr_x',
  };
  return { type: 'Book', booking: { id, nodeId: 'nod_a', ...terms, ...change }, now: NOW };
}
const cancel = (bookingId: string, change: object = {}): CalendarCommand => ({
  type: 'CancelBooking',
  bookingId,
  reason: '',
  by: 'usr_x',
  now: NOW,
  ...change,
});
function after(...commands: readonly CalendarCommand[]): CalendarState {
  return commands.reduce<CalendarState>(
    (state, command) => calendarDecider.decide(command, state).reduce(evolveCalendar, state),
    initialCalendar,
  );
}
function refusalOf(command: CalendarCommand, state = initialCalendar): PlatformError {
  try {
    calendarDecider.decide(command, state);
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a booking', () => {
  it('is made with all that was said', () => {
    const { booking } = book('bkg_1', { devices: ['gpu-0'] });
    const { id: bookingId, ...terms } = booking;
    const expected = { type: 'BookingMade', v: 1, data: { bookingId, ...terms, at: NOW } } as CalendarEvent;
    expect(calendarDecider.decide(book('bkg_1', { devices: ['gpu-0'] }), initialCalendar)).toEqual([expected]);
    expect(after(book('bkg_1', { devices: ['gpu-0'] })).bookings.get('bkg_1')).toMatchObject({
      ...booking,
      revision: 1,
      cancelled: null,
    });
  });

  it.each([
    ['that takes no time', { until: NOW }, '/for'],
    ['that ends before it begins', { until: NOW - 1 }, '/for'],
    ['of more than 90 days', { until: NOW + 90 * DAY + 1 }, '/for'],
    ['in the past', { from: NOW - 61_000 }, '/from'],
    ['of another decade', { from: NOW + 3_650 * DAY, until: NOW + 3_651 * DAY }, '/from'],
  ])('%s is refused', (_what, change, pointer) => {
    expect(refusalOf(book('bkg_1', change))).toMatchObject({ code: 'invalid_input', issues: [{ pointer }] });
  });

  it('of 90 days, from a moment ago, is taken', () => {
    expect(after(book('bkg_1', { from: NOW - 60_000, until: NOW - 60_000 + 90 * DAY })).bookings.size).toBe(1);
  });

  it('is refused where devices are taken at that time, and by which', () => {
    const state = after(
      book('bkg_1', { devices: ['gpu-0', 'gpu-1'] }),
      book('bkg_2', { devices: ['gpu-2'], reason: '' }),
    );
    expect(refusalOf(book('bkg_3', { devices: ['gpu-1', 'gpu-3'] }), state)).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('bkg_1 (gpu-0, gpu-1, exam).') as string,
    });
    const whole = refusalOf(book('bkg_3', { from: NOW + HOUR - 1, until: NOW + DAY }), state);
    expect(whole.message).toContain('bkg_1 (gpu-0, gpu-1, exam); bkg_2 (gpu-2).');
    expect(refusalOf(book('bkg_3', { devices: ['gpu-9'] }), after(book('bkg_1'))).message).toContain('the whole node');
  });

  it('is taken right behind another, on other devices, and where one was cancelled', () => {
    const next = book('bkg_2', { from: NOW + HOUR, until: NOW + 2 * HOUR });
    expect(after(book('bkg_1'), next).bookings.size).toBe(2);
    expect(after(book('bkg_1', { devices: ['a'] }), book('bkg_2', { devices: ['b'] })).bookings.size).toBe(2);
    expect(after(book('bkg_1'), cancel('bkg_1'), book('bkg_2')).bookings.size).toBe(2);
  });
});

describe('a cancellation', () => {
  it('is kept with who gave it and why, once', () => {
    const state = after(book('bkg_1'), cancel('bkg_1', { reason: 'rain' }));
    expect(state.bookings.get('bkg_1')).toMatchObject({
      cancelled: { by: 'usr_x', reason: 'rain', at: NOW },
      revision: 2,
    });
    expect(calendarDecider.decide(cancel('bkg_1'), state)).toEqual([]);
  });
  it('is refused of what is not there, is over, or has changed since it was read', () => {
    const state = after(book('bkg_1'), book('bkg_2', { from: NOW + DAY, until: NOW + 2 * DAY }));
    expect(refusalOf(cancel('bkg_9'), state).code).toBe('not_found');
    expect(refusalOf(cancel('bkg_1', { now: NOW + HOUR }), state).code).toBe('conflict');
    expect(refusalOf(cancel('bkg_1', { ifRevision: 2 }), state).code).toBe('revision_mismatch');
    expect(calendarDecider.decide(cancel('bkg_1', { ifRevision: 1 }), state)).toHaveLength(1);
  });
});

describe('over any history', () => {
  const step = record({
    kind: constantFrom('book' as const, 'book' as const, 'cancel' as const),
    id: nat(30),
    from: nat(40),
    hours: nat(12),
    devices: subarray(['a', 'b', 'c']),
  });
  it('no device is reserved twice at one time', () => {
    assert(
      property(array(step, { maxLength: 60 }), (steps) => {
        let state = initialCalendar;
        for (const [index, { kind, id, from, hours, devices }] of steps.entries()) {
          const terms = {
            devices: devices.length === 0 ? null : devices,
            from: NOW + from * HOUR,
            until: NOW + (from + hours) * HOUR,
          };
          const command = kind === 'book' ? book(`bkg_${index}`, terms) : cancel(`bkg_${id}`);
          try {
            state = calendarDecider.decide(command, state).reduce(evolveCalendar, state);
          } catch (error) {
            if (!(error instanceof PlatformError)) throw error;
          }
        }
        for (let hour = 0; hour < 60; hour += 1) {
          const at = NOW + hour * HOUR;
          const held = [...state.bookings.values()]
            .filter(({ cancelled, from, until }) => cancelled === null && from <= at && at < until)
            .flatMap(({ devices }) => devices ?? ['a', 'b', 'c']);
          expect(new Set(held).size).toBe(held.length);
        }
      }),
      { numRuns: 200 },
    );
  });
});
