// Commands of an invite: issue, use.
import type { InviteEvent, Role } from '@baton/contracts';
import type { Decider } from '@baton/decider';
import { PlatformError } from '@baton/errors';
import { evolveInvite, initialInvite, type InviteState } from './invite.ts';

export interface IssueInvite {
  readonly kind: 'IssueInvite';
  readonly secretHash: string;
  readonly role: Role;
  readonly expiresAt: number;
}
export interface UseInvite {
  readonly kind: 'UseInvite';
  readonly userId: string;
  readonly at: number;
}
export type InviteCommand = IssueInvite | UseInvite;

export const inviteDecider: Decider<InviteCommand, InviteState, InviteEvent> = {
  initialState: initialInvite,
  decide,
  evolve: evolveInvite,
};

function decide(command: InviteCommand, state: InviteState): InviteEvent[] {
  switch (command.kind) {
    case 'IssueInvite':
      return issue(command, state);
    case 'UseInvite':
      return use(command, state);
    default:
      return command satisfies never;
  }
}

function issue({ kind: _kind, ...data }: IssueInvite, state: InviteState): InviteEvent[] {
  if (state.kind !== 'none') throw new PlatformError('conflict', 'This invite has been issued already.');
  return [{ type: 'InviteIssued', v: 1, data }];
}

function use(command: UseInvite, state: InviteState): InviteEvent[] {
  if (state.kind === 'none') throw invalid();
  // A sign-up that was cut short is repeated for the same user.
  if (state.kind === 'used' && state.userId === command.userId) return [];
  if (state.kind === 'used' || command.at >= state.expiresAt) throw invalid();
  return [{ type: 'InviteUsed', v: 1, data: { userId: command.userId } }];
}

function invalid(): PlatformError {
  return new PlatformError(
    'unauthenticated',
    'The sign-up token is not valid: it is unknown, expired or used. Ask an admin for another.',
  );
}
