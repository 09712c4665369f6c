// SQLite's errors as the platform's.
import { PlatformError } from '@baton/errors/platform-error';

// Primary result codes: https://www.sqlite.org/rescode.html
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** Whether the file is damaged, or no database at all. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** `storage_full` or `unavailable` for an error of SQLite; anything else as it is. */
export function asPlatformError(error: unknown): unknown {
  const code = resultCode(error);
  if (code === null) return error;
  if (code === SQLITE_FULL) {
    return new PlatformError('storage_full', 'The disk of the read models is full.', { cause: error });
  }
  const detail = `SQLite result code ${code}: ${error instanceof Error ? error.message : ''}`;
  return new PlatformError('unavailable', 'The read models can not be used right now.', { detail, cause: error });
}

/** For an error of the file system before there is a database. */
export function unwritable(path: string, cause: unknown): PlatformError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const why = { EROFS: 'its disk is read-only', ENOSPC: 'its disk is full', EACCES: 'this user may not' }[code] ?? code;
  return new PlatformError('unavailable', `The read models can not be written to ${path}: ${why}.`, { cause });
}

function resultCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return null;
  // The low byte is the primary code, the rest refines it.
  return typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}
