// The file system's errors, and the store's own refusals, as the platform's.
import { PlatformError } from '@baton/errors';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const UNUSABLE = new Map([
  ['EROFS', 'The storage is mounted read-only.'],
  ['EACCES', 'The platform has no permission to use its storage.'],
  ['EPERM', 'The platform has no permission to use its storage.'],
  ['EIO', 'The storage reports an I/O error.'],
  ['EMFILE', 'The platform has too many files open.'],
  ['ENFILE', 'The machine has too many files open.'],
]);

/** `storage_full` or `unavailable` for an error of the file system; anything else as it is. */
export function asPlatformError(error: unknown): unknown {
  const code = systemCode(error);
  if (code === null || !(error instanceof Error)) return error;
  if (FULL.has(code)) {
    return new PlatformError('storage_full', 'No space is left on the storage.', {
      detail: error.message,
      cause: error,
    });
  }
  const message = UNUSABLE.get(code);
  if (message === undefined) return error;
  return new PlatformError('unavailable', message, { detail: error.message, cause: error });
}

/** The system's name of an error, such as ENOENT. */
export function systemCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

export function notFound(digest: string): PlatformError {
  return new PlatformError('not_found', `There is no content with the digest ${digest}.`);
}

export function mismatch(expected: string, found: string): PlatformError {
  return new PlatformError('digest_mismatch', `The content has the digest ${found}, not ${expected}.`);
}

export function tooLarge(maxBytes: number): PlatformError {
  return new PlatformError('payload_too_large', `The content is larger than ${maxBytes} bytes.`);
}

export function occupied(path: string): PlatformError {
  return new PlatformError('conflict', 'There is a file already where the copy should go.', { detail: path });
}
