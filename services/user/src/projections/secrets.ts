// Read model of secrets: names and owners, never values.
import { EVENTS_STREAM, type SecretEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Projection } from '@baton/service-host';
import { eventsOf, type Stamp, stamp } from './stamp.ts';

export interface SecretDocument extends Stamp {
  readonly ownerId: string;
  readonly name: string;
}

export const secretsProjection: Projection<SecretDocument> = {
  name: 'secrets',
  version: 1,
  indexes: [['createdAt'], ['updatedAt'], ['name'], ['ownerId', 'createdAt']],
  stream: EVENTS_STREAM,
  aggregates: ['secret'],
  apply: (document, commit) =>
    eventsOf<SecretEvent>(commit).reduce((current, event) => evolve(current, event, commit), document),
};

function evolve(document: SecretDocument | null, event: SecretEvent, commit: RecordedCommit): SecretDocument | null {
  switch (event.type) {
    case 'SecretSet':
      return { ...stamp(document, commit), ownerId: event.data.ownerId, name: event.data.name };
    case 'SecretDeleted':
      return null;
    default:
      return event satisfies never;
  }
}
