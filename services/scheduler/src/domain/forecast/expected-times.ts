// From many futures to ranges: when each job starts and ends, and how sure that is. Pure.
import type { TimeRange } from '@baton/contracts';
import { CONFIDENCE } from './distribution.ts';
import type { Future } from './play-on.ts';

/** With nineteen, the second and the last but one are the tenth and the ninth tenth: one more lies between them four times of five. */
export const FUTURES = 19;
/** Fewer tell nothing; with less than all it isn't known how sure a range is. */
export const FEWEST_FUTURES = 5;
/** Stopping, starting and clocks that differ take a moment, which is not played. */
const MOMENT_MS = 1_000;

export interface ExpectedRange {
  readonly start: TimeRange;
  readonly end: TimeRange;
}

/** Null: in some of them it never starts. */
export function expectedRange(jobId: string, futures: readonly Future[]): ExpectedRange | null {
  const known = futures.flatMap((future) => future.get(jobId) ?? []);
  if (known.length === 0 || known.length < futures.length) return null;
  return { start: rangeOf(known.map(({ startedAt }) => startedAt)), end: rangeOf(known.map(({ endedAt }) => endedAt)) };
}

function rangeOf(times: readonly number[]): TimeRange {
  const sorted = times.toSorted((a, b) => a - b);
  const outside = (1 - CONFIDENCE) / 2;
  const at = (share: number) => {
    const place = Math.min(sorted.length, Math.max(1, share * (sorted.length + 1))) - 1;
    const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
    return Math.round(low + (high - low) * (place - Math.floor(place)));
  };
  return { low: at(outside) - MOMENT_MS, median: at(0.5), high: at(1 - outside) + MOMENT_MS };
}
