// What travels in headers beside a request's body: idempotency key, revision conditions, entity tags.
import type { RequestMeta } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { FastifyRequest } from 'fastify';

const MAX_KEY_LENGTH = 255;

/** What comes from the query is checked already. */
export function metaOf(
  request: FastifyRequest,
  { waitForRevision, at }: Pick<RequestMeta, 'waitForRevision' | 'at'> = {},
): RequestMeta {
  const idempotencyKey = idempotencyKeyOf(request.headers['idempotency-key']);
  const ifRevision =
    request.method === 'GET' || request.method === 'HEAD' ? undefined : ifRevisionOf(request.headers['if-match']);
  return {
    requestId: request.id,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(ifRevision === undefined ? {} : { ifRevision }),
    ...(waitForRevision === undefined ? {} : { waitForRevision }),
    ...(at === undefined ? {} : { at }),
  };
}

export function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && header.length >= 1 && header.length <= MAX_KEY_LENGTH) return header;
  throw new PlatformError(
    'invalid_input',
    `Idempotency-Key has 1 to ${MAX_KEY_LENGTH} characters. Send a random one, once.`,
  );
}

/** `"7"` is revision 7; `*` asks for nothing more than that it is there. */
export function ifRevisionOf(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const match = /^(?:W\/)?"(\d{1,15})"$/.exec(header.trim());
  if (match) return Number(match[1]);
  throw new PlatformError('invalid_input', 'If-Match takes one ETag, as the last answer gave it, such as "7".');
}

export function entityTag(revision: number): string {
  return `"${revision}"`;
}

/** Whether If-None-Match names the tag. */
export function matchesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === tag);
}
