// Errors in the protocol's form: `{"error": text}` with the status that fits.
import { ERROR_CODES, type ErrorCode } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { FastifyReply } from 'fastify';

/** The protocol knows no 422. */
const STATUS: Partial<Record<ErrorCode, number>> = { bad_model: 400 };

export function sendError(
  reply: FastifyReply,
  error: unknown,
  report: (error: unknown, where: string) => void,
): FastifyReply {
  const known = error instanceof PlatformError ? error : fromFastify(error);
  const status = STATUS[known.code] ?? ERROR_CODES[known.code].status;
  if (status === 500) report(error, reply.request.url);
  if (known.retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(known.retryAfterMs / 1_000));
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send({ error: known.message });
}

/** Fastify's own refusals carry a status; anything else is a fault of this process. */
function fromFastify(error: unknown): PlatformError {
  const status = (error as { statusCode?: unknown }).statusCode;
  if (status === 413)
    return new PlatformError('payload_too_large', 'The request is larger than this server takes.', { cause: error });
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new PlatformError('invalid_input', error instanceof Error ? error.message : 'The request can not be read.', {
      cause: error,
    });
  }
  return new PlatformError('internal', 'Something went wrong here; the log of the platform has more.', {
    cause: error,
  });
}
