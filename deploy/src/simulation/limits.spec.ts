// Limits are what a seed and a job's place decide, and never below the run time.
import { expect, it } from 'vitest';
import { limitsOf } from './limits.ts';

const jobs = Array.from({ length: 1_000 }, (_, index) => ({ durationMs: 1_000 * (index + 1), limitMs: 7 }));
const factors = (seed: number) =>
  limitsOf(jobs, { kind: 'factor', most: 5 }, seed).map((limit, index) => (limit ?? 0) / (1_000 * (index + 1)));

it('draws factors between one and the most, evenly', () => {
  const drawn = factors(1);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...drawn)).toBeLessThanOrEqual(5);
  const below = (value: number) => drawn.filter((factor) => factor < value).length;
  for (const quarter of [2, 3, 4]) expect(Math.abs(below(quarter) - 250 * (quarter - 1))).toBeLessThan(50);
});

it('draws the same for a seed, and others for another', () => {
  expect(factors(1)).toEqual(factors(1));
  expect(factors(1)).not.toEqual(factors(2));
});

it('gives the run time, nothing, or the limit of the trace', () => {
  const two = jobs.slice(0, 2);
  expect(limitsOf(two, { kind: 'exact' }, 1)).toEqual([1_000, 2_000]);
  expect(limitsOf(two, { kind: 'none' }, 1)).toEqual([null, null]);
  expect(limitsOf(two, { kind: 'trace' }, 1)).toEqual([7, 7]);
});
