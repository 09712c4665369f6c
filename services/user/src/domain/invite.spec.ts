// What an invite's commands guarantee.
import type { InviteEvent } from '@baton/contracts';
import { given } from '@baton/decider';
import { describe, it } from 'vitest';
import { inviteDecider } from './invite.commands.ts';

const terms = { secretHash: 'hash', role: 'user', expiresAt: 1_000 } as const;
const issued: InviteEvent = { type: 'InviteIssued', v: 1, data: terms };
const used: InviteEvent = { type: 'InviteUsed', v: 1, data: { userId: 'usr_ada' } };
const use = { kind: 'UseInvite', userId: 'usr_ada', at: 999 } as const;

describe('an invite', () => {
  it('is issued once', () => {
    given(inviteDecider)
      .when({ kind: 'IssueInvite', ...terms })
      .then(issued);
    given(inviteDecider, issued)
      .when({ kind: 'IssueInvite', ...terms })
      .thenRefuses('conflict');
  });

  it('serves one user, again if that sign-up is repeated', () => {
    given(inviteDecider, issued).when(use).then(used);
    given(inviteDecider, issued, used)
      .when({ ...use, at: 5_000 })
      .then();
    given(inviteDecider, issued, used)
      .when({ ...use, userId: 'usr_bob' })
      .thenRefuses('unauthenticated');
  });

  it('refuses use from the moment it expires, and if it was never issued', () => {
    given(inviteDecider, issued)
      .when({ ...use, at: 1_000 })
      .thenRefuses('unauthenticated');
    given(inviteDecider).when(use).thenRefuses('unauthenticated');
  });
});
