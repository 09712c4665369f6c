// GET /nodes.
import { schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const listNodes = operation({
  method: 'GET',
  url: '/nodes',
  summary: 'List nodes with their devices, and which job holds each',
  access: 'user',
  past: true,
  schema: { query: schedulerRpc.listNodes.request, response: schedulerRpc.listNodes.reply },
  handler: ({ call, query }) => call(schedulerRpc.listNodes, query),
});
