// DELETE /groups/:id/members/:userId.
import { Changed, userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { MemberPath } from './member-path.ts';

export const removeGroupMember = operation({
  method: 'DELETE',
  url: '/groups/:id/members/:userId',
  summary: 'Remove a member from a group',
  access: 'user',
  schema: { params: MemberPath, response: Changed },
  handler: ({ call, params }) => call(userRpc.removeMember, params),
});
