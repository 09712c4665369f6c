// How long a job will still run, from its time limit alone.

/**
 * People ask for up to five times what their jobs take. If the factor is anything from 1 to 5 alike, a job takes 0.4 of its limit on
 * average, and one that has run for longer than a fifth of its limit is one of those whose limit is closer.
 */
const MOST = 5;
export const MEAN_RUN_RATIO = Math.log(MOST) / (MOST - 1);
/** A job at its limit ends now; the formula needs some of it left. */
const ALMOST_ALL = 0.999;

/** The mean of what is left, knowing that it has run for `servedMs` and not ended. */
export function expectedRestMs(limitMs: number, servedMs: number): number {
  const part = Math.min(Math.max(0, servedMs) / limitMs, ALMOST_ALL);
  if (part <= 1 / MOST) return limitMs * (MEAN_RUN_RATIO - part);
  return (limitMs * (Math.log(1 / part) - 1 + part)) / (1 / part - 1);
}

/** What is known of a job's length before it runs. */
export interface RunLength {
  readonly limitMs: number;
  /** Learned; null: nothing was. */
  readonly estimateMs: number | null;
}

/** How long a job that has had `servedMs` of its devices is expected to go on. */
export type ExpectedRemaining = (job: RunLength, servedMs: number) => number;

/** From the limit alone, or from the limit that would have been asked for by one that is expected to take as long as was learned. */
export const expectedRemaining: ExpectedRemaining = ({ limitMs, estimateMs }, servedMs) =>
  expectedRestMs(estimateMs === null ? limitMs : limitFor(estimateMs), servedMs);

/** The limit that a job would have asked for that is expected to take so long. */
export function limitFor(expectedMs: number): number {
  return expectedMs / MEAN_RUN_RATIO;
}
