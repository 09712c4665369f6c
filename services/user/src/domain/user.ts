// The user: an account with encrypted personal fields, a password hash and a role.
import type { Role, UserEvent } from '@baton/contracts';

export interface Account {
  /** Ciphertext under the user's own data key. */
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly role: Role;
}

export type UserState =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'active' } & Account)
  | ({ readonly kind: 'disabled' } & Account)
  /** Nothing of the person is left; the id stands for them in what they made. */
  | { readonly kind: 'erased'; readonly role: Role };

export const initialUser: UserState = { kind: 'none' };

export function evolveUser(state: UserState, event: UserEvent): UserState {
  switch (event.type) {
    case 'UserRegistered':
      return { kind: 'active', ...event.data };
    case 'PasswordChanged':
      return hasAccount(state) ? { ...state, passwordHash: event.data.passwordHash } : state;
    case 'UserDisabled':
      return hasAccount(state) ? { ...state, kind: 'disabled' } : state;
    case 'UserErased':
      return hasAccount(state) ? { kind: 'erased', role: state.role } : state;
    default:
      return event satisfies never;
  }
}

export function hasAccount(state: UserState): state is Extract<UserState, { kind: 'active' | 'disabled' }> {
  return state.kind === 'active' || state.kind === 'disabled';
}
