// What a token's commands guarantee.
import type { TokenEvent } from '@baton/contracts';
import { fold, given } from '@baton/decider';
import { describe, expect, it } from 'vitest';
import { tokenDecider } from './token.commands.ts';
import { type TokenTerms, usableTerms } from './token.ts';

const terms: TokenTerms = { userId: 'usr_ada', kind: 'api', label: 'laptop', secretHash: 'hash', expiresAt: 1_000 };
const issued: TokenEvent = { type: 'TokenIssued', v: 1, data: { ...terms } };
const revoked: TokenEvent = { type: 'TokenRevoked', v: 1, data: { by: 'usr_ada' } };

describe('a token', () => {
  it('is issued once; the very same again changes nothing', () => {
    given(tokenDecider).when({ kind: 'IssueToken', terms }).then(issued);
    given(tokenDecider, issued).when({ kind: 'IssueToken', terms }).then();
    given(tokenDecider, issued)
      .when({ kind: 'IssueToken', terms: { ...terms, secretHash: 'other' } })
      .thenRefuses('conflict');
    given(tokenDecider, issued)
      .when({ kind: 'IssueToken', terms: { ...terms, userId: 'usr_bob' } })
      .thenRefuses('conflict');
  });

  it('never comes back after it was revoked', () => {
    given(tokenDecider, issued).when({ kind: 'RevokeToken', by: 'usr_ada' }).then(revoked);
    given(tokenDecider, issued, revoked).when({ kind: 'RevokeToken', by: 'usr_ada' }).then();
    given(tokenDecider, issued, revoked).when({ kind: 'IssueToken', terms }).thenRefuses('conflict');
    given(tokenDecider).when({ kind: 'RevokeToken', by: 'usr_ada' }).thenRefuses('not_found');
  });

  it('entitles to nothing from the moment it expires, or once revoked', () => {
    const live = fold(tokenDecider, [issued]);
    expect(usableTerms(live, 999)).toEqual(terms);
    expect(usableTerms(live, 1_000)).toBeNull();
    expect(usableTerms(fold(tokenDecider, [issued, revoked]), 0)).toBeNull();
    expect(usableTerms(tokenDecider.initialState, 0)).toBeNull();
  });

  it('without an expiry never expires', () => {
    const endless: TokenEvent = { type: 'TokenIssued', v: 1, data: { ...terms, expiresAt: null } };
    expect(usableTerms(fold(tokenDecider, [endless]), Number.MAX_SAFE_INTEGER)).not.toBeNull();
  });
});
