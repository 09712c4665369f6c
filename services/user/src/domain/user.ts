// The user: an account with encrypted personal fields, a password hash and a role.
import type { Role, UserEvent } from '@baton/contracts';

interface Account {
  /** Ciphertext under the user's own data key. */
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly role: Role;
}

export type UserState =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'active' } & Account)
  | ({ readonly kind: 'disabled' } & Account);

export const initialUser: UserState = { kind: 'none' };

export function evolveUser(state: UserState, event: UserEvent): UserState {
  switch (event.type) {
    case 'UserRegistered':
      return { kind: 'active', ...event.data };
    case 'PasswordChanged':
      return state.kind === 'none' ? state : { ...state, passwordHash: event.data.passwordHash };
    case 'UserDisabled':
      return state.kind === 'none' ? state : { ...state, kind: 'disabled' };
    default:
      return event satisfies never;
  }
}
