// POST /nodes/:id/uncordon.
import { Changed, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const uncordonNode = operation({
  method: 'POST',
  url: '/nodes/:id/uncordon',
  summary: 'Give a cordoned node jobs again (admin)',
  access: 'user',
  schema: { params: IdPath, response: Changed },
  handler: ({ call, params }) => call(schedulerRpc.uncordonNode, params),
});
