// What a device's time is cut into: intervals without gap or overlap, each of exactly one category.
import type { GapCategory } from '@baton/contracts';

/** Microseconds since the Unix epoch: agents and commits tell milliseconds. */
export type Microseconds = number;

export const MICROSECONDS_PER_MS = 1_000;

export function microseconds(atMs: number): Microseconds {
  return atMs * MICROSECONDS_PER_MS;
}

export interface AttemptKey {
  readonly jobId: string;
  readonly attempt: number;
}

/** What a stretch of a device's time was spent on. */
export interface Use {
  readonly category: GapCategory;
  /** The attempt that has the device, or prepares for it. */
  readonly of: AttemptKey | null;
  /** Of idle-queued: the scheduler's code; of out-of-service: why. */
  readonly reason: string | null;
}

export interface Interval extends Use {
  readonly from: Microseconds;
  readonly to: Microseconds;
  /** Nothing that may still be reported can change it. */
  readonly final: boolean;
}

export interface TimeWindow {
  readonly from: Microseconds;
  readonly to: Microseconds;
}

export function sameUse(one: Use, other: Use): boolean {
  return (
    one.category === other.category &&
    one.reason === other.reason &&
    one.of?.jobId === other.of?.jobId &&
    one.of?.attempt === other.of?.attempt
  );
}

/** Puts `next`, which begins where the last one ends, behind it: as its continuation if it is the same use. */
export function append(intervals: Interval[], next: Interval): void {
  const last = intervals.at(-1);
  if (last && sameUse(last, next)) {
    intervals[intervals.length - 1] = { ...last, to: next.to, final: last.final && next.final };
  } else if (next.to > next.from) intervals.push(next);
}
