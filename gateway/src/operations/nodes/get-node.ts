// GET /nodes/:id.
import { NodeView, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const getNode = operation({
  method: 'GET',
  url: '/nodes/:id',
  summary: 'Show a node',
  access: 'user',
  past: true,
  schema: { params: IdPath, response: NodeView },
  handler: ({ call, params }) => call(schedulerRpc.getNode, params),
});
