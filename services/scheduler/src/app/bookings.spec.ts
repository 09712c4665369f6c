// What the scheduler is told of reservations: all that are not over and not cancelled, whichever way the clock goes.
import type { CalendarEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import { describe, expect, it, vi } from 'vitest';
import { evolveCalendar, initialCalendar } from '../domain/calendar.ts';
import { Bookings } from './bookings.ts';

const made = (bookingId: string, from: number, until: number): CalendarEvent => {
  const terms = { nodeId: 'nod_a', devices: null, userIds: [], groupIds: [], reason: '', by: 'usr_a', at: 0 };
  return { type: 'BookingMade', v: 1, data: { bookingId, from, until, ...terms } };
};
const commit = (id: string, revision: number, event: CalendarEvent) =>
  ({ ref: { aggregate: 'calendar', id }, revision, events: [event] }) as unknown as RecordedCommit;

function bookings() {
  const changed = vi.fn<() => void>();
  const never = async () => Promise.reject(new Error('nothing is to be written'));
  return { changed, followed: new Bookings({ execute: never, changed }) };
}
const ids = (of: Bookings, now: number) => of.current(now).map(({ id }) => id);

describe('current bookings', () => {
  it('are those of all nodes that are not over, by their beginning, also when the clock goes back', () => {
    const { followed } = bookings();
    followed.follow(commit('cal_a', 1, made('bkg_1', 20, 30)));
    followed.follow(commit('cal_b', 1, made('bkg_2', 10, 40)));
    expect(ids(followed, 0)).toEqual(['bkg_2', 'bkg_1']);
    expect(ids(followed, 29)).toEqual(['bkg_2', 'bkg_1']);
    expect(ids(followed, 30)).toEqual(['bkg_2']);
    expect(ids(followed, 40)).toEqual([]);
    expect(ids(followed, 25)).toEqual(['bkg_2', 'bkg_1']);
  });

  it('are the same list until one ends, is made or is cancelled', () => {
    const { followed, changed } = bookings();
    followed.follow(commit('cal_a', 1, made('bkg_1', 20, 30)));
    const before = followed.current(5);
    expect(followed.current(29)).toBe(before);
    followed.follow(commit('cal_a', 2, made('bkg_2', 30, 40)));
    expect(ids(followed, 29)).toEqual(['bkg_1', 'bkg_2']);
    const data = { bookingId: 'bkg_1', reason: '', by: 'usr_a', at: 0 };
    followed.follow(commit('cal_a', 3, { type: 'BookingCancelled', v: 1, data }));
    expect(ids(followed, 29)).toEqual(['bkg_2']);
    expect(changed).toHaveBeenCalledTimes(3);
  });

  it('are not gone back with by a commit that comes again, or by the answer to a repeated command', async () => {
    const changed = vi.fn<() => void>();
    const first = [made('bkg_1', 20, 30)].reduce(evolveCalendar, initialCalendar);
    const followed = new Bookings({ execute: async () => ({ revision: 1, state: first }), changed });
    followed.follow(commit('cal_a', 1, made('bkg_1', 20, 30)));
    followed.follow(commit('cal_a', 2, made('bkg_2', 30, 40)));
    followed.follow(commit('cal_a', 1, made('bkg_1', 20, 30)));
    const command = { type: 'CancelBooking', bookingId: 'bkg_1', reason: '', by: 'usr_a', now: 0 } as const;
    const principal = { kind: 'system', userId: 's', role: 'admin', groups: [], credentialId: 's' } as const;
    await followed.change('nod_a', command, {
      caller: { principal: { ...principal, groups: [] }, meta: { requestId: 'r' } },
      subject: '',
      body: null,
    });
    expect(ids(followed, 0)).toEqual(['bkg_1', 'bkg_2']);
    expect(changed).toHaveBeenCalledTimes(2);
  });
});
