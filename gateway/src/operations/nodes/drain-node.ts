// POST /nodes/:id/drain.
import { NodeChange, NodeDraining, schedulerRpc } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const drainNode = operation({
  method: 'POST',
  url: '/nodes/:id/drain',
  summary: 'Cordon a node, and tell which jobs it still has; they go on to their end (admin)',
  access: 'user',
  schema: { params: IdPath, body: without(NodeChange, 'id'), response: NodeDraining },
  handler: ({ call, params, body }) => call(schedulerRpc.drainNode, { ...body, ...params }),
});
