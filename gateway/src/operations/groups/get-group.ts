// GET /groups/:id.
import { GroupView, userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const getGroup = operation({
  method: 'GET',
  url: '/groups/:id',
  summary: 'Show a group with its members',
  access: 'user',
  past: true,
  schema: { params: IdPath, response: GroupView },
  handler: ({ call, params }) => call(userRpc.getGroup, params),
});
