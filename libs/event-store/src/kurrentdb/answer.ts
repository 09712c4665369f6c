// What the server's answer to an append means, and which failures of a read are worth another try.
import { PlatformError } from '@baton/errors';

export type Answer =
  | { readonly kind: 'stored' }
  /** The stream does not end where it was expected to. */
  | { readonly kind: 'conflict' }
  /** No, for a reason that repeating does not cure. */
  | { readonly kind: 'refused'; readonly error: PlatformError }
  /** Neither yes nor no. */
  | { readonly kind: 'unclear'; readonly error: PlatformError };

const TOO_LARGE = new Set([
  'maximum-append-size-exceeded',
  'transaction-max-size-exceeded',
  'append-record-size-exceeded',
]);
const REFUSALS = new Set(['access-denied', 'invalid-argument', 'stream-deleted', 'stream-tombstoned', 'unsupported']);

export function answerOf(error: unknown): Answer {
  const type = typeOf(error);
  if (type === 'wrong-expected-version') return { kind: 'conflict' };
  const refusal = refusalOf(error);
  return refusal === null ? { kind: 'unclear', error: logUnavailable(error) } : { kind: 'refused', error: refusal };
}

/** Null for what may be otherwise at the next try. */
export function refusalOf(error: unknown): PlatformError | null {
  const type = typeOf(error);
  if (TOO_LARGE.has(type)) {
    return new PlatformError('payload_too_large', 'This is too large for the event log.', { cause: error });
  }
  if (!REFUSALS.has(type)) return null;
  return new PlatformError('internal', 'The event log refuses this service.', { cause: error, detail: type });
}

export function isStreamMissing(error: unknown): boolean {
  return typeOf(error) === 'stream-not-found';
}

/** The client's errors say by a word what they are; matched on, never on their class. */
function typeOf(error: unknown): string {
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  return typeof type === 'string' ? type : '';
}

export function logUnavailable(cause?: unknown): PlatformError {
  return new PlatformError('unavailable', 'The event log does not answer; try again in a moment.', {
    cause,
    retryAfterMs: 1_000,
  });
}

export function outcomeUnknown(cause: unknown): PlatformError {
  return new PlatformError('outcome_unknown', 'It is not known whether this was written; try again.', {
    cause,
    retryAfterMs: 1_000,
  });
}

export function conflict(detail: string): PlatformError {
  return new PlatformError('conflict', 'Somebody else changed it at the same time.', { detail });
}
