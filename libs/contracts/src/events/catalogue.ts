// Every aggregate's events in one table, and the typed union of an aggregate's events.
import type { Static, TSchema } from 'typebox';
import { datasetEvents, modelEvents } from './data.ts';
import { endpointEvents } from './endpoint.ts';
import { jobEvents, nodeEvents } from './job.ts';
import { calendarEvents, policyEvents } from './policy.ts';
import { retentionEvents } from './retention.ts';
import { groupEvents, inviteEvents, nameEvents, secretEvents, tokenEvents, userEvents } from './user.ts';

export const EVENT_CATALOGUE = {
  user: userEvents,
  invite: inviteEvents,
  group: groupEvents,
  token: tokenEvents,
  secret: secretEvents,
  name: nameEvents,
  dataset: datasetEvents,
  model: modelEvents,
  job: jobEvents,
  node: nodeEvents,
  endpoint: endpointEvents,
  policy: policyEvents,
  calendar: calendarEvents,
  retention: retentionEvents,
} as const;

/** Versions of the events above where they are not the first: only the newest has a schema, older ones are upcast when read. */
export type EventVersions = Partial<Record<keyof typeof EVENT_CATALOGUE, Readonly<Record<string, number>>>>;
export const EVENT_VERSIONS: EventVersions = {};

type Schemas = Readonly<Record<string, TSchema>>;
/** `{type: 'JobSubmitted', v: 1, data: {...}} | ...` of a table of event schemas. Every version so far is 1. */
export type EventsOf<T extends Schemas> = { [K in keyof T & string]: { type: K; v: 1; data: Static<T[K]> } }[keyof T &
  string];

export type UserEvent = EventsOf<typeof userEvents>;
export type InviteEvent = EventsOf<typeof inviteEvents>;
export type GroupEvent = EventsOf<typeof groupEvents>;
export type TokenEvent = EventsOf<typeof tokenEvents>;
export type SecretEvent = EventsOf<typeof secretEvents>;
export type NameEvent = EventsOf<typeof nameEvents>;
export type DatasetEvent = EventsOf<typeof datasetEvents>;
export type ModelEvent = EventsOf<typeof modelEvents>;
export type JobEvent = EventsOf<typeof jobEvents>;
export type NodeEvent = EventsOf<typeof nodeEvents>;
export type EndpointEvent = EventsOf<typeof endpointEvents>;
export type PolicyEvent = EventsOf<typeof policyEvents>;
export type CalendarEvent = EventsOf<typeof calendarEvents>;
export type RetentionEvent = EventsOf<typeof retentionEvents>;
