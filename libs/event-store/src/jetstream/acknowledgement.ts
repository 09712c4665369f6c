// The server's answer to a publish, told apart by what the writer must do next.
import { PlatformError } from '@baton/errors';
import type { Position } from '../port.ts';
import { logUnavailable } from './request.ts';

export type Acknowledgement =
  | { readonly kind: 'stored'; readonly position: Position; readonly duplicate: boolean }
  /** The expectation did not hold. */
  | { readonly kind: 'conflict' }
  /** No, for a reason that repeating does not cure. */
  | { readonly kind: 'refused'; readonly error: PlatformError }
  /** Neither yes nor no. */
  | { readonly kind: 'unclear'; readonly error: PlatformError };

interface Reply {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string };
}

/** Wrong last sequence, in its two codes, and wrong last message id. */
const CONFLICTS = new Set([10071, 10164, 10070]);
const TOO_LARGE = 10054;
/** Resources exceeded, storage exceeded, memory exceeded, and a limit of the stream reached. */
const FULL = new Set([10023, 10047, 10028, 10077]);
const DUPLICATE_IN_PROCESS = 10158;

export function parseAcknowledgement(stream: string, data: Uint8Array): Acknowledgement {
  const reply = parse(data);
  if (reply?.error !== undefined) return refusal(reply.error);
  if (reply === null || reply.stream !== stream || typeof reply.seq !== 'number' || reply.seq < 1) {
    const detail = `answer of the server: ${Buffer.from(data).toString('utf8').slice(0, 200)}`;
    return {
      kind: 'refused',
      error: new PlatformError('internal', 'The event log gave an answer that makes no sense.', { detail }),
    };
  }
  return { kind: 'stored', position: reply.seq, duplicate: reply.duplicate === true };
}

function refusal(error: NonNullable<Reply['error']>): Acknowledgement {
  const detail = `${error.description} (${error.err_code})`;
  if (CONFLICTS.has(error.err_code)) return { kind: 'conflict' };
  if (error.err_code === DUPLICATE_IN_PROCESS) return { kind: 'unclear', error: logUnavailable(detail) };
  if (FULL.has(error.err_code) || error.description.includes('no space')) {
    return { kind: 'refused', error: storageFull(detail) };
  }
  if (error.err_code === TOO_LARGE) {
    return {
      kind: 'refused',
      error: new PlatformError('payload_too_large', 'This is too large for the event log.', { detail }),
    };
  }
  if (error.code >= 500) return { kind: 'unclear', error: logUnavailable(detail) };
  return { kind: 'refused', error: new PlatformError('internal', 'The event log refuses the commit.', { detail }) };
}

/** For what has certainly not been written. */
export function storageFull(detail?: string): PlatformError {
  const message =
    'The platform has no space left to record this, so it was not done. Free some under BATON_HOME: it then goes on by itself.';
  return new PlatformError('storage_full', message, detail === undefined ? {} : { detail });
}

function parse(data: Uint8Array): Reply | null {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8')) as Reply;
  } catch {
    return null;
  }
}
