// Errors as RFC 9457 problem documents: one shape for every refusal, whoever made it.
import { ERROR_CODES, type ErrorCode, type Issue } from '@baton/contracts';
import { PlatformError, toWire } from '@baton/errors';

export const PROBLEM_TYPE = 'application/problem+json';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly errors?: readonly Issue[];
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

export function problemOf(thrown: unknown, requestId: string): ProblemAnswer {
  const error = toWire(asPlatformError(thrown));
  const code = error.code as ErrorCode;
  const { status, title } = ERROR_CODES[code];
  const body: Problem = {
    type: `/docs#error-${code}`,
    title,
    status,
    detail: error.message,
    code,
    requestId,
    ...(error.issues === undefined ? {} : { errors: error.issues }),
  };
  return { status, headers: headersOf(status, error.retryAfterMs), body };
}

function headersOf(status: number, retryAfterMs: number | undefined): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': PROBLEM_TYPE };
  if (status !== 429 && status !== 503) return headers;
  const seconds = String(Math.max(1, Math.ceil((retryAfterMs ?? 1_000) / 1_000)));
  headers['retry-after'] = seconds;
  if (status === 429) headers['ratelimit'] = `"default";r=0;t=${seconds}`;
  return headers;
}

/** What fastify and node refuse by themselves, in the platform's codes. Anything unknown stays as it is and becomes `internal`. */
export function asPlatformError(thrown: unknown): unknown {
  const { statusCode, code, name } = (thrown ?? {}) as { statusCode?: unknown; code?: unknown; name?: unknown };
  if (name === 'PlatformError') return thrown;
  // The check itself broke: fastify takes that for the client's fault.
  if (code === 'FST_ERR_VALIDATION') return new Error('a schema could not be checked', { cause: thrown });
  switch (statusCode) {
    case 413:
      return new PlatformError('payload_too_large', 'The body is larger than 1 MiB. Send files through /files.', {
        cause: thrown,
      });
    case 415:
      return new PlatformError('unsupported_media_type', 'Send the body as application/json.', { cause: thrown });
    case 400:
      return new PlatformError('invalid_input', badRequestText(code), { cause: thrown });
    default:
      return thrown;
  }
}

function badRequestText(code: unknown): string {
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') return 'The body is not as long as Content-Length says.';
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return 'The body is empty. Send a JSON document.';
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') return 'The body is not JSON.';
  return 'The request is not well-formed.';
}
