// DELETE /nodes/:id.
import { Changed, RemoveNode, schedulerRpc } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const removeNode = operation({
  method: 'DELETE',
  url: '/nodes/:id',
  summary: 'Send a node away for good and revoke its credentials or its join token (admin)',
  access: 'user',
  schema: { params: IdPath, query: without(RemoveNode, 'id'), response: Changed },
  handler: ({ call, params, query }) => call(schedulerRpc.removeNode, { ...query, ...params }),
});
