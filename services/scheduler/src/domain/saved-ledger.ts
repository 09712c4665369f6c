// What a ledger has read of the log, as plain data: from it and the commits that follow comes the same as from all of them.
import type { SavedArray } from './array-members.ts';
import type { SavedForecasts } from './forecast/forecast-book.ts';
import type { JobRecord } from './job-record.ts';
import type { SavedOutcomes } from './predecessors.ts';
import type { Learned } from './schedule/backlog.ts';
import type { LedgerSnapshot } from './schedule/fair-share.ts';

/**
 * Raised whenever the same commits make another ledger, or this is written otherwise: what was saved by another version is not
 * used. `ledger-version.spec.ts` tells when.
 */
export const LEDGER_VERSION = 3;

export interface SavedLedger {
  /** Those that are not over, in the order of their submission. */
  readonly jobs: readonly JobRecord[];
  readonly outcomes: SavedOutcomes;
  readonly arrays: readonly SavedArray[];
  readonly completeArrays: readonly string[];
  /** Revisions of the jobs that were over last. */
  readonly ended: readonly (readonly [string, number])[];
  readonly usage: LedgerSnapshot;
  readonly learned: Learned;
  readonly forecasts: SavedForecasts;
}
