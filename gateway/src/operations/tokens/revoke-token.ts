// DELETE /tokens/:id.
import { Changed, userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const revokeToken = operation({
  method: 'DELETE',
  url: '/tokens/:id',
  summary: 'Revoke a token',
  access: 'user',
  schema: { params: IdPath, response: Changed },
  handler: ({ call, params }) => call(userRpc.revokeToken, params),
});
