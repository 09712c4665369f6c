// What is stated holds as often as it says, in the long run, however wrong the ranges are from which it is made.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../simulation/random.ts';
import { Calibration, horizonOf } from './calibration.ts';
import type { TimeRangeMs } from './distribution.ts';

const MINUTE = 60_000;

interface Truth {
  /** How many times as long as its middle says it takes, at this forecast. */
  readonly bias: (index: number) => number;
  /** By which factor it is off either way. */
  readonly spread: number;
}

interface Told {
  readonly said: TimeRangeMs | null;
  readonly actualMs: number;
}

/** Ranges of a tenth either way, whatever the truth. */
function told({ bias, spread }: Truth, count: number): Told[] {
  const draw = random(3);
  const calibration = new Calibration();
  return Array.from({ length: count }, (_, index) => {
    const medianMs = Math.round(2 * MINUTE * 5 ** draw());
    const range = { lowMs: Math.round(medianMs * 0.9), medianMs, highMs: Math.round(medianMs * 1.1) };
    const said = calibration.stated(horizonOf(range), range);
    const actualMs = Math.round(medianMs * bias(index) * spread ** (2 * draw() - 1));
    calibration.learn(horizonOf(range), range, said, actualMs);
    return { said, actualMs };
  });
}

function coverage(all: readonly Told[]): number {
  const held = all.flatMap(({ said, actualMs }) => (said ? [actualMs >= said.lowMs && actualMs <= said.highMs] : []));
  return held.filter(Boolean).length / held.length;
}

describe('a stated range', () => {
  it.each([
    ['too narrow', { bias: () => 1, spread: 4 }],
    ['too wide', { bias: () => 1, spread: 1.02 }],
    ['always too early', { bias: () => 3, spread: 2 }],
    ['more and more too early', { bias: (index) => 1 + index / 300, spread: 1.5 }],
    ['right, and then suddenly wrong', { bias: (index) => (index < 500 ? 1 : 4), spread: 1.5 }],
  ] satisfies [string, Truth][])('holds about as often as it says where what was reckoned is %s', (_what, truth) => {
    const found = coverage(told(truth, 1_500));
    expect(found).toBeGreaterThan(0.75);
    expect(found).toBeLessThan(0.87);
  });

  it('is no wider than it has to be', () => {
    const { said } = told({ bias: () => 1, spread: 1.02 }, 300).at(-1) ?? {};
    expect((said?.highMs ?? 0) / (said?.lowMs ?? 1)).toBeLessThan(1.05);
  });

  it('is not there before twenty forecasts were judged', () => {
    const all = told({ bias: () => 1, spread: 2 }, 30);
    expect(all.map(({ said }) => said !== null)).toEqual(all.map((_, index) => index >= 20));
  });

  it('has its middle between its ends, in whole milliseconds, and is the same where the same was seen, also of what was kept', () => {
    const anyTime = fc.integer({ min: 0, max: 1e12 });
    const anyRange = fc.tuple(anyTime, anyTime, anyTime).map((times) => {
      const [lowMs = 0, medianMs = 0, highMs = 0] = times.toSorted((a, b) => a - b);
      return { lowMs, medianMs, highMs };
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(anyRange, anyTime), { minLength: 1, maxLength: 60 }), anyRange, (seen, next) => {
        const [one, other] = [new Calibration(), new Calibration()];
        let kept = new Calibration();
        for (const [range, actualMs] of seen) {
          for (const each of [one, other, kept]) each.learn('x', range, each.stated('x', range), actualMs);
          kept = new Calibration(JSON.parse(JSON.stringify(kept.save())) as ReturnType<Calibration['save']>);
        }
        const said = one.stated('x', next);
        expect([other.stated('x', next), kept.stated('x', next)]).toEqual([said, said]);
        if (!said) return;
        const { lowMs, medianMs, highMs } = said;
        expect([lowMs, medianMs, highMs].every((ms) => Number.isInteger(ms) && ms >= 0)).toBe(true);
        expect(lowMs <= medianMs && medianMs <= highMs).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
