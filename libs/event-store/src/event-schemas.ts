// Events against the catalogue of contracts: what is appended must fit its schema, what is read must be known.
import {
  type AggregateName,
  EVENT_CATALOGUE,
  EVENT_VERSIONS,
  type EventVersions,
  fits,
  issuesOf,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { AggregateRef, RecordedCommit, StoredEvent } from './port.ts';

type Schema = Parameters<typeof fits>[0];

/** Throws `internal` when an event is not in the catalogue or its data does not fit: such an event must never be stored. */
export function checkNewEvents(ref: AggregateRef, events: readonly StoredEvent[]): void {
  for (const event of events) {
    const schema = schemaOf(ref.aggregate, event, EVENT_VERSIONS);
    if (schema === undefined)
      throw wrongEvent(`${ref.id}: ${event.type} version ${event.v} is no event of ${ref.aggregate}`);
    if (fits(schema, event.data)) continue;
    const issues = issuesOf(schema, event.data).map((issue) => `${issue.pointer} ${issue.detail}`);
    throw wrongEvent(`${ref.id}: ${event.type} does not fit its schema: ${issues.join(', ')}`);
  }
}

/** Throws `internal`, naming the position, when a stored event is of a type or version that this program does not know. */
export function checkKnownEvents(commit: RecordedCommit, versions: EventVersions = EVENT_VERSIONS): void {
  for (const event of commit.events) {
    if (schemaOf(commit.ref.aggregate, event, versions) !== undefined) continue;
    throw wrongEvent(
      `position ${commit.position}: ${event.type} version ${event.v} of ${commit.ref.id} is not known to this program`,
    );
  }
}

function schemaOf(aggregate: AggregateName, { type, v }: StoredEvent, versions: EventVersions): Schema | undefined {
  const schemas: Readonly<Record<string, Schema>> = EVENT_CATALOGUE[aggregate];
  return v === (versions[aggregate]?.[type] ?? 1) && Object.hasOwn(schemas, type) ? schemas[type] : undefined;
}

function wrongEvent(detail: string): PlatformError {
  return new PlatformError('internal', 'An event is not as its contract says.', { detail });
}
