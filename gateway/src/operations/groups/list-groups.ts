// GET /groups.
import { userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const listGroups = operation({
  method: 'GET',
  url: '/groups',
  summary: 'List groups',
  access: 'user',
  past: true,
  schema: { query: userRpc.listGroups.request, response: userRpc.listGroups.reply },
  handler: ({ call, query }) => call(userRpc.listGroups, query),
});
