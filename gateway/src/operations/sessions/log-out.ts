// DELETE /sessions/current: revokes the token that the request carries.
import { userRpc } from '@baton/contracts';
import { clearSessionCookie } from '../../auth/credentials.ts';
import { operation } from '../operation.ts';

export const logOut = operation({
  method: 'DELETE',
  url: '/sessions/current',
  summary: 'Log out',
  access: 'user',
  schema: {},
  status: 204,
  handler: async ({ call, request, reply }) => {
    await call(userRpc.logOut, {});
    clearSessionCookie(request, reply);
  },
});
