// The token: a session, an API token or a job's token; of its secret only the hash is known.
import type { TokenEvent, TokenKind } from '@baton/contracts';

export interface TokenTerms {
  readonly userId: string;
  readonly kind: TokenKind;
  readonly label: string;
  /** SHA-256 (hex) of the secret part. */
  readonly secretHash: string;
  /** Null: never. */
  readonly expiresAt: number | null;
  /** Only for job tokens. */
  readonly jobId?: string;
  readonly attempt?: number;
}

export type TokenState =
  | { readonly status: 'none' }
  | { readonly status: 'issued'; readonly terms: TokenTerms }
  | { readonly status: 'revoked'; readonly terms: TokenTerms };

export const initialToken: TokenState = { status: 'none' };

export function evolveToken(state: TokenState, event: TokenEvent): TokenState {
  switch (event.type) {
    case 'TokenIssued':
      return { status: 'issued', terms: event.data };
    case 'TokenRevoked':
      return state.status === 'none' ? state : { ...state, status: 'revoked' };
    default:
      return event satisfies never;
  }
}

/** What the token entitles to at `at`; null if nothing. */
export function usableTerms(state: TokenState, at: number): TokenTerms | null {
  if (state.status !== 'issued') return null;
  const { expiresAt } = state.terms;
  return expiresAt === null || at < expiresAt ? state.terms : null;
}
