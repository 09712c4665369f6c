// GET /tokens.
import { userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const listTokens = operation({
  method: 'GET',
  url: '/tokens',
  summary: "List the caller's tokens, without their values",
  access: 'user',
  past: true,
  schema: { query: userRpc.listTokens.request, response: userRpc.listTokens.reply },
  handler: ({ call, query }) => call(userRpc.listTokens, query),
});
