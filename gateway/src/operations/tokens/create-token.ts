// POST /tokens.
import { CreateToken, TokenCreated, userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const createToken = operation({
  method: 'POST',
  url: '/tokens',
  summary: 'Make an API token; it is shown this once',
  access: 'user',
  schema: { body: CreateToken, response: TokenCreated },
  status: 201,
  handler: ({ call, body, reply }) => {
    void reply.header('cache-control', 'no-store');
    return call(userRpc.createToken, body);
  },
});
