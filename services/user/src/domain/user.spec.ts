// What a user's commands guarantee.
import { given } from '@baton/decider';
import type { UserEvent } from '@baton/contracts';
import { describe, it } from 'vitest';
import { userDecider, type RegisterUser } from './user.commands.ts';

const account = { email: 'cipher-a', name: 'cipher-b', passwordHash: '$argon2id$x', role: 'user' } as const;
const register: RegisterUser = { kind: 'RegisterUser', ...account };
const registered: UserEvent = { type: 'UserRegistered', v: 1, data: account };
const disabled: UserEvent = { type: 'UserDisabled', v: 1, data: { by: 'usr_admin' } };

describe('a user', () => {
  it('is registered once', () => {
    given(userDecider).when(register).then(registered);
    given(userDecider, registered).when(register).thenRefuses('name_taken');
    given(userDecider, registered, disabled).when(register).thenRefuses('name_taken');
  });

  it('is disabled by somebody else only, and once', () => {
    const disable = { kind: 'DisableUser', userId: 'usr_ada', by: 'usr_admin' } as const;
    given(userDecider, registered).when(disable).then(disabled);
    given(userDecider, registered, disabled).when(disable).then();
    given(userDecider, registered)
      .when({ ...disable, by: 'usr_ada' })
      .thenRefuses('conflict');
    given(userDecider).when(disable).thenRefuses('not_found');
  });

  it('is erased by somebody else only, once, and whether disabled or not; nothing brings it back', () => {
    const erase = { kind: 'EraseUser', userId: 'usr_ada', by: 'usr_admin' } as const;
    const erased: UserEvent = { type: 'UserErased', v: 1, data: { by: 'usr_admin' } };
    given(userDecider, registered).when(erase).then(erased);
    given(userDecider, registered, disabled).when(erase).then(erased);
    given(userDecider, registered, erased).when(erase).then();
    given(userDecider, registered, erased).when(register).thenRefuses('name_taken');
    given(userDecider, registered, erased)
      .when({ kind: 'DisableUser', userId: 'usr_ada', by: 'usr_admin' })
      .thenRefuses('not_found');
    given(userDecider, registered)
      .when({ ...erase, by: 'usr_ada' })
      .thenRefuses('conflict');
    given(userDecider).when(erase).thenRefuses('not_found');
  });

  it('stays disabled when the password changes', () => {
    const changed: UserEvent = { type: 'PasswordChanged', v: 1, data: { passwordHash: 'new' } };
    given(userDecider, registered, disabled, changed)
      .when({ kind: 'DisableUser', userId: 'usr_ada', by: 'usr_admin' })
      .then();
  });
});
