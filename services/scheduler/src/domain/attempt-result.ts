// What an attempt's end counts as.
import type { AttemptResult } from '@baton/contracts';

export function isSuccess(result: AttemptResult): boolean {
  return result.reason === 'exited' && result.exitCode === 0;
}

/** Losses that are the platform's, not the job's; each kind has its own limit. */
export function isInfrastructureLoss(result: AttemptResult): boolean {
  return result.reason === 'lost' || result.reason === 'start-failed' || result.reason === 'device-lost';
}
