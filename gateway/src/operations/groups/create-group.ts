// POST /groups.
import { Changed, userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const createGroup = operation({
  method: 'POST',
  url: '/groups',
  summary: 'Make a group; the caller is its owner',
  access: 'user',
  schema: { body: userRpc.createGroup.request, response: Changed },
  status: 201,
  location: ({ id }) => `/groups/${id}`,
  handler: ({ call, body }) => call(userRpc.createGroup, body),
});
