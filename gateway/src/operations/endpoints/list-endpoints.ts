// GET /endpoints.
import { servingRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const listEndpoints = operation({
  method: 'GET',
  url: '/endpoints',
  summary: 'List inference endpoints',
  access: 'user',
  past: true,
  schema: { query: servingRpc.list.request, response: servingRpc.list.reply },
  handler: ({ call, query }) => call(servingRpc.list, query),
});
