// POST /nodes/:id/share.
import { Changed, schedulerRpc, ShareNode } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const shareNode = operation({
  method: 'POST',
  url: '/nodes/:id/share',
  summary: "Say how many jobs that ask for parts may share one of a node's devices (admin)",
  access: 'user',
  schema: { params: IdPath, body: without(ShareNode, 'id'), response: Changed },
  handler: ({ call, params, body }) => call(schedulerRpc.shareNode, { ...body, ...params }),
});
