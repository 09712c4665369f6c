// Wiring of what people tell the scheduler: its policy, and their reservations.
import { randomUUID } from 'node:crypto';
import { POLICY_ID } from '@baton/contracts';
import { commandContext, commandHandler, deriveId, newId } from '@baton/event-store';
import { type Platform, timeOf, whenOf } from '@baton/service-host';
import { directoryClient } from './adapters/directory-client.ts';
import { followLog } from './adapters/follow-log.ts';
import { BookingAdmin } from './app/booking-admin.ts';
import { type BookingRequest, Bookings } from './app/bookings.ts';
import type { Nodes } from './app/nodes.ts';
import { type Calendars, pastCalendars } from './app/past-calendars.ts';
import { Policies } from './app/policies.ts';
import { PolicyAdmin, type PolicyTrial } from './app/policy-admin.ts';
import { calendarDecider } from './domain/calendar.commands.ts';
import { policyDecider } from './domain/policy.commands.ts';
import { nodeProjection } from './projections/node-document.ts';
import { calendarProjection, policyProjection } from './projections/past-rules.ts';

export interface Rules {
  readonly policies: Policies;
  readonly bookings: Bookings;
}

/** Resolves when both are as the log has them; they go on to follow it. */
export async function openRules(platform: Platform, changed: () => void): Promise<Rules> {
  const { events: store, now, secret } = platform;
  const contextOf = ({ caller: { principal, meta }, subject, body }: BookingRequest) =>
    commandContext({ principal, meta, subject, body, secret, namesPeople: true });
  const common = { store, now, newId: randomUUID };
  const policy = commandHandler({ ...common, decider: policyDecider, aggregate: 'policy' });
  const calendar = commandHandler({ ...common, decider: calendarDecider, aggregate: 'calendar' });
  const policies = new Policies({
    execute: (command, request) => policy.execute(POLICY_ID, command, contextOf(request)),
    history: async (at) => {
      const versions = await store.readAggregate({ aggregate: 'policy', id: POLICY_ID });
      if (at === undefined) return versions;
      const then = await (await platform.past(policyProjection, at)).get(POLICY_ID);
      return versions.slice(0, then?.revision ?? 0);
    },
    changed,
  });
  const bookings = new Bookings({
    execute: (id, command, request) => {
      // If-Match names the booking's own revision, which the command carries.
      const { ifRevision: _ifRevision, ...context } = contextOf(request);
      return calendar.execute(id, command, context);
    },
    changed,
  });
  await Promise.all([
    followLog(platform, ['policy'], (commit) => policies.follow(commit)),
    followLog(platform, ['calendar'], (commit) => bookings.follow(commit)),
  ]);
  return { policies, bookings };
}

export function ruleAdmins(platform: Platform, { policies, bookings }: Rules, nodes: Nodes, trial: PolicyTrial) {
  const { bus, now, secret } = platform;
  const directory = directoryClient(bus);
  const gpus = () =>
    nodes
      .known()
      .reduce((sum, { state }) => sum + state.description.devices.filter(({ kind }) => kind === 'gpu').length, 0);
  return {
    policyAdmin: new PolicyAdmin({ policies, directory, trial, gpus }),
    bookingAdmin: new BookingAdmin({
      bookings,
      nodes,
      directory,
      now,
      newBookingId: ({ userId }, key) =>
        key === undefined ? newId('booking') : deriveId('booking', secret, userId, key),
      past: (at) => calendarsAt(platform, at),
    }),
  };
}

async function calendarsAt(platform: Platform, at: string): Promise<Calendars> {
  const calendars = await platform.past(calendarProjection, at);
  const nodes = await platform.past(nodeProjection, at);
  return pastCalendars(await timeOf(platform.events, whenOf(at)), calendars, nodes);
}
