// GET /users/:id; `me` is the caller.
import { userRpc, UserView } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const getUser = operation({
  method: 'GET',
  url: '/users/:id',
  summary: 'Show an account; `me` is the caller',
  access: 'user',
  past: true,
  schema: { params: IdPath, response: UserView },
  handler: ({ call, params }) => call(userRpc.getUser, params),
});
