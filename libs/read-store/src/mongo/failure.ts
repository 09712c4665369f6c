// MongoDB's errors as the platform's.
import { PlatformError } from '@baton/errors';

const DUPLICATE_KEY = 11_000;

/** Runs `work`; the driver's errors become `unavailable`. */
export async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The driver's classes are MongoServerError, MongoNetworkError and so on; mongoose's begin with Mongoose.
    if (!(error instanceof Error) || !error.name.startsWith('Mongo')) throw error;
    const detail = `${error.name}: ${error.message}`;
    throw new PlatformError('unavailable', 'The read models can not be reached right now.', { detail, cause: error });
  }
}

/** Whether all that failed in a bulk write is inserts of keys that exist. */
export function onlyDuplicates(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('writeErrors' in error)) return false;
  const failures = [error.writeErrors].flat() as { readonly code?: number }[];
  return failures.length > 0 && failures.every((failure) => failure.code === DUPLICATE_KEY);
}
