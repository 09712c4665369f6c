// Thinned series keep their shape and their ends.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ThinSeries } from './thin-series.ts';

function thinned(values: readonly number[], maxPoints: number): number[] {
  const series = new ThinSeries<number>(maxPoints);
  for (const [index, value] of values.entries()) series.add(index, value);
  return series.items();
}

it('has at most the points asked for, in order, the first and the last, the lowest and the highest of all', () => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 60 }), (all, maxPoints) => {
      const kept = thinned(all, maxPoints);
      expect(kept.length).toBeLessThanOrEqual(maxPoints);
      expect(kept).toEqual([...new Set(kept)].toSorted((a, b) => a - b));
      expect(kept.at(-1)).toBe(all.length - 1);
      expect(kept[0]).toBe(maxPoints === 1 ? all.length - 1 : 0);
      expect(all.length > maxPoints || kept.length === all.length).toBe(true);
      fc.pre(maxPoints >= 4);
      const of = (choose: (...numbers: number[]) => number, indices: readonly number[]) =>
        choose(...indices.map((index) => all[index] ?? 0));
      const everything = all.map((_, index) => index);
      expect([of(Math.min, kept), of(Math.max, kept)]).toEqual([of(Math.min, everything), of(Math.max, everything)]);
    }),
  );
});
it('shows a single spike in a million points', () => {
  const series = new ThinSeries<number>(100);
  for (let index = 0; index < 1_000_000; index += 1) series.add(index, index === 654_321 ? 1 : 0);
  const kept = series.items();
  expect(kept).toContain(654_321);
  expect(kept.length).toBeGreaterThan(20);
  expect(kept.length).toBeLessThanOrEqual(100);
});
