// The idle-gap ledger, checked: every microsecond of every device is something, and only one thing.
import type { GapsView } from '@baton/contracts';
import { expect } from 'vitest';

export const sum = (values: Readonly<Record<string, number>>) =>
  Object.values(values).reduce((total, each) => total + each, 0);

/** Contiguous from the node's joining to `until`, and the categories sum to that, exactly. */
export function checkSums(view: GapsView): void {
  for (const { fromUs, toUs, totals, intervals } of view.devices) {
    expect(toUs).toBe(view.until * 1_000);
    expect(sum(totals)).toBe(toUs - fromUs);
    expect(intervals.map((each) => each.fromUs)).toEqual([fromUs, ...intervals.slice(0, -1).map((each) => each.toUs)]);
    expect(intervals.at(-1)?.toUs).toBe(toUs);
  }
}
