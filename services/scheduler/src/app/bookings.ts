// The nodes' calendars: what people have reserved, as the log has it; also what another scheduler has written.
import type { CalendarEvent } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { RecordedCommit } from '@baton/event-store';
import type { CalendarCommand } from '../domain/calendar.commands.ts';
import { type Booked, type CalendarState, evolveCalendar, initialCalendar } from '../domain/calendar.ts';
import type { Booking } from '../domain/schedule/engine-model.ts';
import type { Caller } from './ports.ts';

/** On whose behalf. */
export interface BookingRequest {
  readonly caller: Caller;
  readonly subject: string;
  readonly body: unknown;
}

export interface CalendarExecution {
  readonly revision: number;
  readonly state: CalendarState;
}

export interface BookingPorts {
  readonly execute: (
    calendarId: string,
    command: CalendarCommand,
    request: BookingRequest,
  ) => Promise<CalendarExecution>;
  /** Something was reserved or given up. */
  readonly changed: () => void;
}

const PATIENCE_MS = 5_000;

/** Holds from one time to another, unless a booking is made or cancelled. */
interface Planned {
  readonly from: number;
  readonly until: number;
  readonly bookings: readonly Booking[];
}
const NOTHING_PLANNED: Planned = { from: 0, until: 0, bookings: [] };

export class Bookings {
  readonly #ports: BookingPorts;
  readonly #waiting = new Set<() => void>();
  #planned: Planned = NOTHING_PLANNED;
  readonly #calendars = new Map<string, CalendarState>();

  constructor(ports: BookingPorts) {
    this.#ports = ports;
  }

  /** What the scheduler plans with: neither over nor cancelled, by their beginning. The same list as long as it holds. */
  current(now: number): readonly Booking[] {
    if (now < this.#planned.from || now >= this.#planned.until) this.#planned = this.#plan(now);
    return this.#planned.bookings;
  }

  #plan(now: number): Planned {
    const bookings = planned(this.all(), now);
    const firstEnd = bookings.reduce((first, { until }) => Math.min(first, until), Number.POSITIVE_INFINITY);
    return { from: now, until: firstEnd, bookings };
  }

  /** Also those that are over or cancelled. */
  all(): Booked[] {
    return [...this.#calendars.values()].flatMap(({ bookings }) => [...bookings.values()]);
  }

  find(id: string): Booked | undefined {
    for (const { bookings } of this.#calendars.values()) {
      const found = bookings.get(id);
      if (found) return found;
    }
    return undefined;
  }

  /** Resolves when the booking is known at this revision; `unavailable` if that takes too long. */
  async waitForRevision(id: string, revision: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = () => reject(new PlatformError('unavailable', 'The reservation is not known yet. Try again.'));
    const timer = setTimeout(late, PATIENCE_MS);
    const check = () => {
      if ((this.find(id)?.revision ?? 0) >= revision) resolve();
    };
    this.#waiting.add(check);
    check();
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  follow(commit: RecordedCommit): void {
    const state = this.#calendars.get(commit.ref.id) ?? initialCalendar;
    const events = commit.events as CalendarEvent[];
    if (commit.revision > state.revision) this.#set(commit.ref.id, events.reduce(evolveCalendar, state));
  }

  async change(nodeId: string, command: CalendarCommand, request: BookingRequest): Promise<CalendarExecution> {
    const calendarId = calendarOf(nodeId);
    const executed = await this.#ports.execute(calendarId, command, request);
    this.#set(calendarId, executed.state);
    return executed;
  }

  /** A command that was carried out before answers with what was then: that is not gone back to. */
  #set(calendarId: string, state: CalendarState): void {
    if (state.revision <= (this.#calendars.get(calendarId)?.revision ?? 0)) return;
    this.#calendars.set(calendarId, state);
    this.#planned = NOTHING_PLANNED;
    for (const check of this.#waiting) check();
    this.#ports.changed();
  }
}

/** Neither over nor cancelled, by their beginning. */
export function planned(all: readonly Booked[], now: number): Booking[] {
  return all
    .filter(({ cancelled, until }) => cancelled === null && until > now)
    .map(({ id, nodeId, devices, from, until, userIds, groupIds }) => {
      return { id, nodeId, devices, from, until, userIds, groupIds };
    })
    .toSorted((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1));
}

/** A node has one calendar. */
function calendarOf(nodeId: string): string {
  return nodeId.replace(/^[a-z]+_/, 'cal_');
}
