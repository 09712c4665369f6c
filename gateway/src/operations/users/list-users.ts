// GET /users.
import { userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const listUsers = operation({
  method: 'GET',
  url: '/users',
  summary: 'List accounts',
  access: 'user',
  past: true,
  schema: { query: userRpc.listUsers.request, response: userRpc.listUsers.reply },
  handler: ({ call, query }) => call(userRpc.listUsers, query),
});
