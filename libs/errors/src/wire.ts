// Errors as they travel between processes, and input checking that throws them.
import { ERROR_CODES, type ErrorCode, fits, issuesOf, type WireError } from '@baton/contracts';
import type { Static, TSchema } from 'typebox';
import { PlatformError } from './platform-error.ts';

/** What the other side may know of any thrown value. An unknown error becomes `internal` without its text. */
export function toWire(error: unknown): WireError {
  if (!isPlatformError(error))
    return { code: 'internal', message: 'Something went wrong here; the log of the platform has more.' };
  return {
    code: error.code,
    message: error.message,
    ...(error.issues.length > 0 ? { issues: [...error.issues] } : {}),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}

/** The error that the other side threw. An unknown code becomes `internal`. */
export function fromWire(wire: WireError): PlatformError {
  const code: ErrorCode = isErrorCode(wire.code) ? wire.code : 'internal';
  return new PlatformError(code, wire.message, {
    ...(wire.issues === undefined ? {} : { issues: wire.issues }),
    ...(wire.retryAfterMs === undefined ? {} : { retryAfterMs: wire.retryAfterMs }),
  });
}

/** `value` as `schema` describes it, or `invalid_input` with a pointer for each fault. */
export function parseInput<S extends TSchema>(schema: S, value: unknown): Static<S> {
  if (fits(schema, value)) return value;
  const issues = issuesOf(schema, value);
  const first = issues[0];
  const where = first === undefined ? '' : `: ${first.pointer === '' ? 'the body' : first.pointer} ${first.detail}`;
  throw new PlatformError('invalid_input', `The request is not valid${where}.`, { issues });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function isPlatformError(error: unknown): error is PlatformError {
  return error instanceof Error && error.name === 'PlatformError' && isErrorCode((error as PlatformError).code);
}
