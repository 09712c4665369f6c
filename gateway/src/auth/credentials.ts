// Where a request carries its token, and how the browser is given it.
import { PlatformError } from '@baton/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';

const SECURE_COOKIE = '__Host-baton';
/** `__Host-` needs https, which loopback has not. */
const LOOPBACK_COOKIE = 'baton';
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface Credential {
  readonly token: string;
  readonly source: 'header' | 'cookie';
}

export function credentialOf(request: FastifyRequest): Credential | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const match = /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i.exec(authorization);
    if (match?.[1] === undefined)
      throw new PlatformError('unauthenticated', 'The Authorization header is to read "Bearer <token>".');
    return { token: match[1], source: 'header' };
  }
  const token = request.cookies[cookieName(request)];
  return token === undefined || token === '' ? null : { token, source: 'cookie' };
}

export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  expiresAt: number | null,
): void {
  const expires = expiresAt === null ? {} : { expires: new Date(expiresAt) };
  reply.setCookie(cookieName(request), token, { ...cookieOptions(request), ...expires });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(cookieName(request), cookieOptions(request));
}

function cookieName(request: FastifyRequest): string {
  return request.protocol === 'https' ? SECURE_COOKIE : LOOPBACK_COOKIE;
}

function cookieOptions(request: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'lax' as const, secure: request.protocol === 'https' };
}

/**
 * A browser sends the cookie by itself, so another site could make it act. A change by cookie must therefore come from this very
 * origin: `Sec-Fetch-Site` says so in every current browser, `Origin` in the older ones.
 */
export function refuseForeignOrigin(request: FastifyRequest, credential: Credential): void {
  if (credential.source !== 'cookie' || SAFE_METHODS.has(request.method)) return;
  const site = request.headers['sec-fetch-site'];
  if (site === undefined ? isOwnOrigin(request) : site === 'same-origin' || site === 'none') return;
  throw new PlatformError(
    'forbidden',
    'A change by session cookie must come from this site itself. Programs send "Authorization: Bearer <token>".',
  );
}

function isOwnOrigin(request: FastifyRequest): boolean {
  const { origin } = request.headers;
  return origin === `${request.protocol}://${request.host}`;
}
