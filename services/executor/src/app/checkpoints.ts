// What the agent needs of checkpoint folders, and the rule when they are stored.
import type { DesiredAttempt, ManifestSummary } from '@baton/contracts';
import type { AttemptKey } from '../domain/journal.ts';
import type { ProcessEnd } from '../domain/outcome.ts';
import type { Pace } from './blob-source.ts';

export interface WhileRunning {
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

export interface Checkpoints {
  /**
   * Stores the job's checkpoint folder as it is. Null if there is nothing in it, or if it did not hold still long enough to
   * be stored whole. What it has stored before is not read again.
   */
  collect(key: AttemptKey, running?: WhileRunning): Promise<ManifestSummary | null>;
}

export type CheckpointsWanted = Pick<DesiredAttempt, 'jobId' | 'attempt' | 'checkpoints'>;

/** Puts the files of a manifest into an empty folder. */
export type Fill = (digest: string, into: string) => Promise<void>;

/**
 * After success nothing goes on from it; what was stored while it ran stays. However else it ended, something may: also
 * when it was stopped, and ended with code 0 because it has saved what there was.
 */
export function isToBeStored(end: ProcessEnd, isStopped: boolean): boolean {
  return isStopped || end.kind !== 'exited' || end.code !== 0;
}
