// The one error type of the platform: a stable code, a public message, and internal detail that never leaves the process.
import type { ErrorCode, Issue } from '@baton/contracts';

export interface PlatformErrorOptions {
  /** For logs only. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** What is wrong where in the input. */
  readonly issues?: readonly Issue[];
  /** When trying again makes sense. */
  readonly retryAfterMs?: number;
}

export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly issues: readonly Issue[];
  readonly retryAfterMs: number | undefined;

  /** `message` is shown to the user: it says what was wrong and what to do. */
  constructor(code: ErrorCode, message: string, options: PlatformErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.issues = options.issues ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether `error` carries this code: across processes and module copies the code is all that counts. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return typeof error === 'object' && error !== null && (error as { code?: unknown }).code === code;
}
