// POST /nodes/:id/cordon.
import { Changed, NodeChange, schedulerRpc } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const cordonNode = operation({
  method: 'POST',
  url: '/nodes/:id/cordon',
  summary: 'Give a node no new jobs (admin)',
  access: 'user',
  schema: { params: IdPath, body: without(NodeChange, 'id'), response: Changed },
  handler: ({ call, params, body }) => call(schedulerRpc.cordonNode, { ...body, ...params }),
});
