// Distributions: few samples give a wide range, many one of their own, and what has passed is taken into account.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../simulation/random.ts';
import { Distribution } from './distribution.ts';

const of = (...times: readonly number[]) => Distribution.ofSamples(times.map((ms) => ({ ms, weight: 1 })));
const anySamples = fc.array(
  fc.record({ ms: fc.integer({ min: 1, max: 1e9 }), weight: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
  {
    minLength: 1,
    maxLength: 40,
  },
);
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('a distribution', () => {
  it('is wide for few samples, and no wider than they are for many that are alike', () => {
    expect(of(600).range()).toEqual({ lowMs: 249, medianMs: 600, highMs: 1_445 });
    expect(of(600, 600, 600).range()).toMatchObject({ medianMs: 600 });
    expect(of(...Array.from({ length: 9 }, () => 600)).range()).toEqual({ lowMs: 600, medianMs: 600, highMs: 600 });
  });

  it('holds one more of the same kind in its range about as often as it says, however few were seen', () => {
    const next = random(7);
    const drawn = () => 60_000 * Math.exp(2 * next() - 1);
    for (const count of [3, 5, 10, 30]) {
      const held = Array.from({ length: 2_000 }, () => {
        const { lowMs, highMs } = of(...Array.from({ length: count }, drawn)).range();
        const one = drawn();
        return one >= lowMs && one <= highMs;
      }).filter(Boolean).length;
      expect(held / 2_000).toBeGreaterThan(0.75);
      expect(held / 2_000).toBeLessThan(0.95);
    }
  });

  it('has quantiles that never fall, in the range of what was seen and a factor beyond', () => {
    fc.assert(
      fc.property(anySamples, share, share, (samples, one, other) => {
        const distribution = Distribution.ofSamples(samples);
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        expect(distribution.quantile(low)).toBeLessThanOrEqual(distribution.quantile(high) * (1 + 1e-9));
        const times = samples.map(({ ms }) => ms);
        expect(distribution.quantile(low)).toBeGreaterThanOrEqual((Math.min(...times) / 3) * (1 - 1e-9));
        expect(distribution.quantile(high)).toBeLessThanOrEqual(Math.max(...times) * 3 * (1 + 1e-9));
      }),
    );
  });

  it('never ends before what has passed, and never later than its limit', () => {
    fc.assert(
      fc.property(
        anySamples,
        share,
        fc.integer({ min: 1, max: 1e10 }),
        fc.integer({ min: 1, max: 1e10 }),
        (samples, at, passed, more) => {
          const rest = Distribution.ofSamples(samples).lastingBeyond(passed);
          expect(rest.quantile(at)).toBeGreaterThanOrEqual(passed * (1 - 1e-9));
          const capped = rest.capped(passed + more).quantile(at);
          expect(capped).toBeGreaterThanOrEqual(passed * (1 - 1e-9));
          expect(capped).toBeLessThanOrEqual(passed + more);
        },
      ),
    );
  });

  it('that has lasted longer than all that were seen may last as long again', () => {
    const rest = of(100, 200, 300).lastingBeyond(10_000).range();
    expect(rest.medianMs).toBe(20_000);
  });

  it('goes on as it was where nothing has passed, and otherwise by what was longer', () => {
    const whole = of(100, 200, 400, 800, 1_600);
    expect(whole.lastingBeyond(0).range()).toEqual(whole.range());
    expect(whole.lastingBeyond(400).quantile(0.5)).toBeGreaterThan(800);
    expect(whole.lastingBeyond(400).quantile(0.5)).toBeLessThan(1_600);
  });
});
