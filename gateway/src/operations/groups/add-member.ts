// PUT /groups/:id/members/:userId.
import { Changed, userRpc } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { MemberPath } from './member-path.ts';

export const addGroupMember = operation({
  method: 'PUT',
  url: '/groups/:id/members/:userId',
  summary: 'Add a member to a group, by id or e-mail address',
  access: 'user',
  schema: { params: MemberPath, body: without(userRpc.addMember.request, 'id', 'userId'), response: Changed },
  handler: ({ call, params, body }) => call(userRpc.addMember, { ...body, ...params }),
});
