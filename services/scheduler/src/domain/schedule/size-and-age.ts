// The order of one owner's jobs: small ones first, but the longer a job waits for its size, the further it moves up.

export interface SizeAndAge {
  /** Of the time limit, or what is expected to be left of it. */
  readonly lengthMs: number;
  /** On all nodes together. */
  readonly devices: number;
  readonly waitMs: number;
  /** The wait from which on it is overdue; null: never. */
  readonly overdueMs: number | null;
}

/** How much each counts, as exponents. Found by simulation; see docs/scheduling.md. */
export interface Weights {
  readonly length: number;
  readonly devices: number;
  /** Moves a job up as it comes close to being overdue. */
  readonly overdue: number;
}

/** For jobs that run to their end once they have started. */
export const WITHOUT_PREEMPTION: Weights = { length: 0.7, devices: 0.75, overdue: 0.25 };
/** For jobs that may be stopped for smaller ones and go on later: smallness counts more. */
export const WITH_PREEMPTION: Weights = { length: 1.75, devices: 1.25, overdue: 0 };

/** What is left of the wait until overdue counts as no less than this part. */
const CLOSEST = 1e-3;

/** Lower goes first. For jobs of one size it falls with the wait, so that they keep their order. */
export function sizeAndAge({ lengthMs, devices, waitMs, overdueMs }: SizeAndAge, weights: Weights): number {
  const size = weights.length * Math.log(lengthMs) + weights.devices * Math.log(devices);
  const wait = Math.max(0, waitMs);
  const age = Math.log(wait + lengthMs);
  if (overdueMs === null) return size - age;
  const left = overdueMs <= 0 ? CLOSEST : Math.max(CLOSEST, 1 - wait / overdueMs);
  return size - age + weights.overdue * Math.log(left);
}
