// Commands of a user: register, disable, erase.
import type { Role, UserEvent } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { evolveUser, hasAccount, initialUser, type UserState } from './user.ts';

export interface RegisterUser {
  readonly kind: 'RegisterUser';
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly role: Role;
}
export interface DisableUser {
  readonly kind: 'DisableUser';
  readonly userId: string;
  readonly by: string;
}
export interface EraseUser {
  readonly kind: 'EraseUser';
  readonly userId: string;
  readonly by: string;
}
export type UserCommand = RegisterUser | DisableUser | EraseUser;

export const userDecider: Decider<UserCommand, UserState, UserEvent> = {
  initialState: initialUser,
  decide,
  evolve: evolveUser,
};

function decide(command: UserCommand, state: UserState): UserEvent[] {
  switch (command.kind) {
    case 'RegisterUser':
      return register(command, state);
    case 'DisableUser':
      return disable(command, state);
    case 'EraseUser':
      return erase(command, state);
    default:
      return command satisfies never;
  }
}

function register({ kind: _kind, ...data }: RegisterUser, state: UserState): UserEvent[] {
  if (state.kind !== 'none')
    throw new PlatformError('name_taken', 'An account with this e-mail address exists. Log in instead.');
  return [{ type: 'UserRegistered', v: 1, data }];
}

function disable(command: DisableUser, state: UserState): UserEvent[] {
  if (!hasAccount(state)) throw new PlatformError('not_found', 'There is no such user.');
  // An installation without a working admin could not be repaired from inside.
  if (command.userId === command.by)
    throw new PlatformError('conflict', 'You can not disable your own account. Ask another admin.');
  return state.kind === 'disabled' ? [] : [{ type: 'UserDisabled', v: 1, data: { by: command.by } }];
}

function erase(command: EraseUser, state: UserState): UserEvent[] {
  if (state.kind === 'none') throw new PlatformError('not_found', 'There is no such user.');
  if (command.userId === command.by)
    throw new PlatformError('conflict', 'You can not erase yourself. Ask another admin.');
  return state.kind === 'erased' ? [] : [{ type: 'UserErased', v: 1, data: { by: command.by } }];
}
