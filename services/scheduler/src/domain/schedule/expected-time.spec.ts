// What is left of a job, against a draw of many jobs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedRestMs, limitFor } from './expected-time.ts';

describe('the expected rest of a job', () => {
  it('is the mean of those that were asked with a factor from 1 to 5 and have not ended', () => {
    const limitMs = 1_000_000;
    for (const servedMs of [0, 100_000, 200_000, 400_000, 800_000]) {
      const rests: number[] = [];
      for (let factor = 1; factor <= 5; factor += 1 / 4_096) {
        if (limitMs / factor > servedMs) rests.push(limitMs / factor - servedMs);
      }
      const mean = rests.reduce((sum, rest) => sum + rest, 0) / rests.length;
      expect(Math.abs(expectedRestMs(limitMs, servedMs) - mean)).toBeLessThan(0.002 * limitMs);
    }
  });

  it('is above nothing and never more than what is left of the limit, also past it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e12 }), fc.double({ min: -1, max: 3, noNaN: true }), (limitMs, part) => {
        const rest = expectedRestMs(limitMs, part * limitMs);
        expect(rest).toBeGreaterThan(0);
        expect(rest).toBeLessThanOrEqual(Math.max(0.001, 1 - Math.max(0, part)) * limitMs);
      }),
    );
  });

  it('turns back into the limit', () => {
    expect(limitFor(expectedRestMs(5_000, 0))).toBeCloseTo(5_000);
  });
});
