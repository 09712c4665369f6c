// Fewer intervals than there are, for a picture: equal stretches of time, each shown as what took most of it.
import { append, type Interval, lengthOf, type TimeWindow } from './interval.ts';

/** At most `most` contiguous intervals over the window that `intervals` cover; as they are if they are no more than that. */
export function coalesced(intervals: readonly Interval[], window: TimeWindow, most: number): readonly Interval[] {
  if (intervals.length <= most) return intervals;
  const found: Interval[] = [];
  let next = 0;
  for (let index = 0; index < most; index += 1) {
    const from = boundary(window, index, most);
    const to = boundary(window, index + 1, most);
    while ((intervals[next]?.to ?? Infinity) <= from) next += 1;
    const use = longest(intervals, next, { from, to });
    if (use) append(found, whole(use, { from, to }));
  }
  return found;
}

function boundary({ from, to }: TimeWindow, index: number, count: number): number {
  return from + Math.floor(((to - from) * index) / count);
}

/** What else had a part of the device meanwhile is not shown. */
function whole({ lanes: _lanes, ...use }: Interval, { from, to }: TimeWindow): Interval {
  return { ...use, from, to };
}

interface Share {
  readonly use: Interval;
  readonly length: number;
}

/** Of several intervals of one use the parts count together. */
function longest(intervals: readonly Interval[], first: number, { from, to }: TimeWindow): Interval | null {
  const shares = new Map<string, Share>();
  for (let index = first; (intervals[index]?.from ?? Infinity) < to; index += 1) {
    const use = intervals[index];
    if (!use) break;
    const { use: known, length } = shares.get(keyOf(use)) ?? { use, length: 0 };
    if (use.to <= from) continue;
    const part = lengthOf({ ...use, from: Math.max(use.from, from), to: Math.min(use.to, to) });
    shares.set(keyOf(use), { use: { ...known, final: known.final && use.final }, length: length + part });
  }
  return [...shares.values()].toSorted((one, other) => other.length - one.length)[0]?.use ?? null;
}

function keyOf({ category, of, reason }: Interval): string {
  return JSON.stringify([category, of?.jobId, of?.attempt, reason]);
}
