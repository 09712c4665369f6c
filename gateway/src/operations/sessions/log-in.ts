// POST /sessions: a token, and the session cookie for browsers.
import { LogIn, LoggedIn, userRpc } from '@baton/contracts';
import { setSessionCookie } from '../../auth/credentials.ts';
import { operation } from '../operation.ts';

export const logIn = operation({
  method: 'POST',
  url: '/sessions',
  summary: 'Log in: answers a token and sets the session cookie',
  access: 'anonymous',
  schema: { body: LogIn, response: LoggedIn },
  status: 201,
  location: () => '/sessions/current',
  handler: async ({ call, body, request, reply }) => {
    const session = await call(userRpc.logIn, body);
    setSessionCookie(request, reply, session.token, session.expiresAt);
    void reply.header('cache-control', 'no-store');
    return session;
  },
});
