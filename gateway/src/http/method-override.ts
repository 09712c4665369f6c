// X-HTTP-Method-Override, for networks that let only GET and POST through. Applied before routing and authorisation.
import type { IncomingMessage } from 'node:http';

const API_METHODS = new Set(['PUT', 'PATCH', 'DELETE']);
/** tus: "the server MUST interpret the request as if it had been sent with the method given". */
const UPLOAD_METHODS = new Set(['POST', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS']);

/** Fastify's `rewriteUrl` runs first of all: the method is replaced there, and the URL stays. */
export function overrideMethod(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const wanted = request.headers['x-http-method-override'];
  if (typeof wanted === 'string') {
    const method = wanted.trim().toUpperCase();
    if (isAllowed(request.method, method, url)) request.method = method;
  }
  return url;
}

function isAllowed(sent: string | undefined, wanted: string, url: string): boolean {
  const path = url.split('?', 1)[0] ?? '';
  if (path === '/files' || path.startsWith('/files/')) return UPLOAD_METHODS.has(wanted);
  return sent === 'POST' && path.startsWith('/api/') && API_METHODS.has(wanted);
}
