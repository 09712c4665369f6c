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
  readonly erased: boolean;
}

export const usersProjection: Projection<UserDocument> = {
  name: 'users',
  version: 2,
  indexes: [['createdAt'], ['updatedAt'], ['erased']],
  stream: EVENTS_STREAM,
  aggregates: ['user'],
  apply,
};

function apply(document: UserDocument | null, commit: RecordedCommit): UserDocument | null {
  const state = eventsOf<UserEvent>(commit).reduce(evolveUser, stateOf(document));
  if (state.kind === 'none') return null;
  const { email, name } = state.kind === 'erased' ? { email: '', name: '' } : state;
  return {
    ...stamp(document, commit),
    email,
    name,
    role: state.role,
    disabled: state.kind !== 'active',
    erased: state.kind === 'erased',
  };
}

/** The read model needs no password hash, and so doesn't keep it. */
function stateOf(document: UserDocument | null): UserState {
  if (!document) return { kind: 'none' };
  const { email, name, role, disabled, erased } = document;
  if (erased) return { kind: 'erased', role };
  return { kind: disabled ? 'disabled' : 'active', email, name, role, passwordHash: '' };
}
