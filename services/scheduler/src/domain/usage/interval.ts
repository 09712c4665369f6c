// What a device's time is cut into: intervals without gap or overlap, each of exactly one category.
import { type GapCategory, TWENTIETHS_OF_DEVICE } from '@baton/contracts';

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

/** Of a device that jobs share: the twentieths of its time from `first` on, up to `end`. */
export interface Lanes {
  readonly first: number;
  readonly end: number;
}

export interface Interval extends Use {
  readonly from: Microseconds;
  readonly to: Microseconds;
  /** Nothing that may still be reported can change it. */
  readonly final: boolean;
  /** Absent: all of the device. */
  readonly lanes?: Lanes;
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

/**
 * What it takes of the device's time. A device that is shared goes round: of every twenty microseconds since the epoch each lane has its
 * own. So every microsecond is somebody's, nobody's is split, and parts of an interval sum to the whole, wherever it is cut.
 */
export function lengthOf({ from, to, lanes }: Pick<Interval, 'from' | 'to' | 'lanes'>): Microseconds {
  return lanes === undefined ? to - from : upTo(to, lanes) - upTo(from, lanes);
}

function upTo(at: Microseconds, { first, end }: Lanes): Microseconds {
  const inRound = at % TWENTIETHS_OF_DEVICE;
  const rounds = (at - inRound) / TWENTIETHS_OF_DEVICE;
  return rounds * (end - first) + Math.min(Math.max(inRound - first, 0), end - first);
}

/** So far back it is looked what an interval of a shared device goes on with: others began since. */
const MOST_BESIDE = 4 * TWENTIETHS_OF_DEVICE;

/** Puts `next` behind what ends where it begins: as its continuation if it is the same use of the same lanes. They are in the order of their begins. */
export function append(intervals: Interval[], next: Interval): void {
  if (next.to <= next.from) return;
  const index = next.lanes === undefined ? intervals.length - 1 : beside(intervals, next);
  const last = intervals[index];
  if (last && last.to === next.from && sameLanes(last, next) && sameUse(last, next))
    intervals[index] = { ...last, to: next.to, final: last.final && next.final };
  else intervals.push(next);
}

function beside(intervals: readonly Interval[], next: Interval): number {
  const least = Math.max(0, intervals.length - MOST_BESIDE);
  for (let index = intervals.length - 1; index >= least; index -= 1) {
    const one = intervals[index];
    if (one && one.to === next.from && sameLanes(one, next)) return index;
  }
  return -1;
}

function sameLanes({ lanes: one }: Interval, { lanes: other }: Interval): boolean {
  return one?.first === other?.first && one?.end === other?.end;
}
