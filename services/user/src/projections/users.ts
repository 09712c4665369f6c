// Read model of users. E-mail and name stay encrypted here too: they are opened only for an answer.
import { EVENTS_STREAM, type Role, type UserEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { Projection } from '@baton/service-host';
import { evolveUser, type UserState } from '../domain/user.ts';
import { eventsOf, type Stamp, stamp } from './stamp.ts';

export interface UserDocument extends Stamp {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly disabled: boolean;
}

export const usersProjection: Projection<UserDocument> = {
  name: 'users',
  version: 1,
  indexes: [['createdAt'], ['updatedAt']],
  stream: EVENTS_STREAM,
  aggregates: ['user'],
  apply,
};

function apply(document: UserDocument | null, commit: RecordedCommit): UserDocument | null {
  const state = eventsOf<UserEvent>(commit).reduce(evolveUser, stateOf(document));
  if (state.kind === 'none') return null;
  return {
    ...stamp(document, commit),
    email: state.email,
    name: state.name,
    role: state.role,
    disabled: state.kind === 'disabled',
  };
}

/** The read model needs no password hash, and so doesn't keep it. */
function stateOf(document: UserDocument | null): UserState {
  if (!document) return { kind: 'none' };
  const { email, name, role, disabled } = document;
  return { kind: disabled ? 'disabled' : 'active', email, name, role, passwordHash: '' };
}
