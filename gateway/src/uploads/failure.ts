// Errors of uploads: file system errors in the platform's codes, and refusals that tus gives statuses of its own.
import { PlatformError } from '@baton/errors';

/** tus asks for a status that the error's code does not stand for. */
export class TusRefusal extends Error {
  readonly status: number;
  readonly problem: PlatformError;

  constructor(status: number, problem: PlatformError) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

export function checksumMismatch(): TusRefusal {
  return new TusRefusal(
    460,
    new PlatformError('digest_mismatch', 'The bytes do not match Upload-Checksum. The offset stays: send them again.'),
  );
}

export function noUpload(id: string): PlatformError {
  return new PlatformError('not_found', `There is no upload ${id}. It may have expired: start a new one.`);
}

export function asUploadError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = "The platform's disk is full. What was acknowledged stays: go on when there is room.";
    return new PlatformError('storage_full', message, { cause: error });
  }
  if (code === 'EROFS' || code === 'EACCES') {
    return new PlatformError('unavailable', "The platform's upload folder can not be written.", { cause: error });
  }
  return error;
}
