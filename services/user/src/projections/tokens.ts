// Read model of tokens, for lists; without their hashes.
import { EVENTS_STREAM, type TokenEvent, type TokenKind } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Projection } from '@baton/service-host';
import { eventsOf, type Stamp, stamp } from './stamp.ts';

export interface TokenDocument extends Stamp {
  readonly userId: string;
  readonly kind: TokenKind;
  readonly label: string;
  readonly expiresAt: number | null;
  readonly revoked: boolean;
}

export const tokensProjection: Projection<TokenDocument> = {
  name: 'tokens',
  version: 1,
  indexes: [['createdAt'], ['updatedAt'], ['label'], ['userId', 'createdAt']],
  stream: EVENTS_STREAM,
  aggregates: ['token'],
  apply: (document, commit) =>
    eventsOf<TokenEvent>(commit).reduce((current, event) => evolve(current, event, commit), document),
};

function evolve(document: TokenDocument | null, event: TokenEvent, commit: RecordedCommit): TokenDocument | null {
  switch (event.type) {
    case 'TokenIssued': {
      const { userId, kind, label, expiresAt } = event.data;
      // Thousands of jobs would crowd people's own tokens out of every list: those of jobs are not kept here.
      return kind === 'job' ? null : { ...stamp(document, commit), userId, kind, label, expiresAt, revoked: false };
    }
    case 'TokenRevoked':
      return document && { ...document, ...stamp(document, commit), revoked: true };
    default:
      return event satisfies never;
  }
}
