// The read model of endpoints: what the log says of each, for lists. How it is served stands in the registry.
import { EVENTS_STREAM, type EndpointEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Projection } from '@baton/service-host/without-nest';
import type { EndpointDetails } from '../domain/endpoint.ts';

export interface EndpointDocument extends EndpointDetails {
  readonly id: string;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const endpointsProjection: Projection<EndpointDocument> = {
  name: 'endpoints',
  version: 2,
  indexes: [['createdAt'], ['updatedAt'], ['name'], ['ownerId'], ['groupId'], ['visibility']],
  stream: EVENTS_STREAM,
  aggregates: ['endpoint'],
  apply(document, commit) {
    return (commit.events as unknown as readonly EndpointEvent[]).reduce(
      (current, event) => step(current, event, commit),
      document,
    );
  },
};

function step(
  document: EndpointDocument | null,
  event: EndpointEvent,
  commit: RecordedCommit,
): EndpointDocument | null {
  const stamp = { revision: commit.revision, updatedAt: commit.at };
  switch (event.type) {
    case 'EndpointCreated':
      return { id: commit.ref.id, createdAt: commit.at, ...stamp, ...event.data };
    case 'EndpointRetargeted':
      return document && { ...document, ...stamp, target: event.data.target };
    case 'EndpointHandedOver':
      return document && { ...document, ...stamp, ownerId: event.data.ownerId };
    case 'EndpointDeleted':
      return null;
    default:
      return event satisfies never;
  }
}
