// POST /users/:id/disable.
import { Changed, userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const disableUser = operation({
  method: 'POST',
  url: '/users/:id/disable',
  summary: 'Disable an account and all its tokens (admin)',
  access: 'user',
  schema: { params: IdPath, response: Changed },
  handler: ({ call, params }) => call(userRpc.disableUser, params),
});
