// Commands of a token: issue, revoke.
import type { TokenEvent } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { evolveToken, initialToken, type TokenState, type TokenTerms } from './token.ts';

export interface IssueToken {
  readonly kind: 'IssueToken';
  readonly terms: TokenTerms;
}
export interface RevokeToken {
  readonly kind: 'RevokeToken';
  readonly by: string;
}
export type TokenCommand = IssueToken | RevokeToken;

export const tokenDecider: Decider<TokenCommand, TokenState, TokenEvent> = {
  initialState: initialToken,
  decide,
  evolve: evolveToken,
};

function decide(command: TokenCommand, state: TokenState): TokenEvent[] {
  switch (command.kind) {
    case 'IssueToken':
      return issue(command.terms, state);
    case 'RevokeToken':
      return revoke(command.by, state);
    default:
      return command satisfies never;
  }
}

function issue(terms: TokenTerms, state: TokenState): TokenEvent[] {
  if (state.status === 'none') return [{ type: 'TokenIssued', v: 1, data: { ...terms } }];
  // The id and the secret of a job's token are derived: asking again for the same attempt gives the same token.
  const isSame =
    state.status === 'issued' && state.terms.secretHash === terms.secretHash && state.terms.userId === terms.userId;
  if (isSame) return [];
  throw new PlatformError('conflict', 'This token has been issued before and is revoked or belongs to somebody else.');
}

function revoke(by: string, state: TokenState): TokenEvent[] {
  if (state.status === 'none') throw new PlatformError('not_found', 'There is no such token.');
  return state.status === 'revoked' ? [] : [{ type: 'TokenRevoked', v: 1, data: { by } }];
}
