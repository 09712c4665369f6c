// Adds up intervals: time by category and by reason, and what each job had of it.
import { GAP_CATEGORIES, type GapCategory, type GapTotals } from '@baton/contracts';
import { type Interval, lengthOf, type Microseconds } from './interval.ts';

export interface Cost {
  /** A device was given to it: from the start to the last process's end. */
  readonly heldUs: Microseconds;
  readonly runningUs: Microseconds;
}

const NO_COST: Cost = { heldUs: 0, runningUs: 0 };

export function noTotals(): GapTotals {
  return Object.fromEntries(GAP_CATEGORIES.map((category) => [category, 0])) as GapTotals;
}

export function addTotals(one: GapTotals, other: GapTotals): GapTotals {
  const sum = noTotals();
  for (const category of GAP_CATEGORIES) sum[category] = one[category] + other[category];
  return sum;
}

export function totalsOf(intervals: readonly Interval[]): GapTotals {
  const totals = noTotals();
  for (const interval of intervals) totals[interval.category] += lengthOf(interval);
  return totals;
}

/** Of one category, by reason. */
export function reasonsOf(intervals: readonly Interval[], category: GapCategory): Record<string, Microseconds> {
  const sums: Record<string, Microseconds> = {};
  for (const interval of intervals) {
    if (interval.category !== category || interval.reason === null) continue;
    sums[interval.reason] = (sums[interval.reason] ?? 0) + lengthOf(interval);
  }
  return sums;
}

/** By job. What is only kept for a job costs it nothing: nobody has the device yet. */
export function addCosts(costs: Map<string, Cost>, intervals: readonly Interval[]): void {
  for (const interval of intervals) {
    const { of, category } = interval;
    if (of === null || category === 'idle-queued') continue;
    const heldUs = lengthOf(interval);
    const runningUs = category === 'running' ? heldUs : 0;
    costs.set(of.jobId, plus(costs.get(of.jobId), { heldUs, runningUs }));
  }
}

export function plus(one: Cost = NO_COST, other: Cost = NO_COST): Cost {
  return { heldUs: one.heldUs + other.heldUs, runningUs: one.runningUs + other.runningUs };
}
