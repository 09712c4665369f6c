// The invite: lets one person sign up with a role, until it expires.
import type { InviteEvent, Role } from '@baton/contracts';

interface Terms {
  /** SHA-256 (hex) of the secret part. */
  readonly secretHash: string;
  readonly role: Role;
  readonly expiresAt: number;
}

export type InviteState =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'open' } & Terms)
  | ({ readonly kind: 'used'; readonly userId: string } & Terms);

export const initialInvite: InviteState = { kind: 'none' };

export function evolveInvite(state: InviteState, event: InviteEvent): InviteState {
  switch (event.type) {
    case 'InviteIssued':
      return { kind: 'open', ...event.data };
    case 'InviteUsed':
      return state.kind === 'open' ? { ...state, kind: 'used', userId: event.data.userId } : state;
    default:
      return event satisfies never;
  }
}
