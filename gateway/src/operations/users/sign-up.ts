// POST /users: a new account, with the one-time token or an invitation.
import { SignUp, userRpc, UserView } from '@baton/contracts';
import { operation } from '../operation.ts';

export const signUp = operation({
  method: 'POST',
  url: '/users',
  summary: 'Sign up with an invitation; the first account, with the one-time token, is the admin',
  access: 'anonymous',
  schema: { body: SignUp, response: UserView },
  status: 201,
  location: ({ id }) => `/users/${id}`,
  handler: ({ call, body }) => call(userRpc.signUp, body),
});
