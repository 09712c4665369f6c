// GET /secrets.
import { userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const listSecrets = operation({
  method: 'GET',
  url: '/secrets',
  summary: "List the names of the caller's secrets",
  access: 'user',
  past: true,
  schema: { query: userRpc.listSecrets.request, response: userRpc.listSecrets.reply },
  handler: ({ call, query }) => call(userRpc.listSecrets, query),
});
