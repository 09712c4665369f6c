// POST /invites.
import { CreateInvite, Invited, userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const createInvite = operation({
  method: 'POST',
  url: '/invites',
  summary: 'Invite somebody: answers a token for one sign-up (admin)',
  access: 'user',
  schema: { body: CreateInvite, response: Invited },
  status: 201,
  handler: ({ call, body }) => call(userRpc.createInvite, body),
});
