// The check of client histories: what one order explains passes, and each kind of lie is found.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation, Told } from './history.ts';
import { checkRegister } from './register-check.ts';

const REGISTER = 'r';
const never = Number.POSITIVE_INFINITY;

interface Times {
  readonly from: number;
  readonly to?: number;
}

let count = 0;
function write(expected: number, { from, to = never }: Times, told: Told | 'done'): Operation {
  count += 1;
  const value = `value ${count}`;
  const what = { kind: 'write', expected, value } as const;
  const answer = told === 'done' ? ({ type: 'ok', revision: expected + 1, value } as const) : told;
  return { op: count, process: 'p', register: REGISTER, what, invokedAt: from, toldAt: to, told: answer };
}

function read({ from, to = never }: Times, revision: number, value: string): Operation {
  count += 1;
  const told = { type: 'ok', revision, value } as const;
  return { op: count, process: 'p', register: REGISTER, what: { kind: 'read' }, invokedAt: from, toldAt: to, told };
}

function readOf(times: Times, writer: Operation): Operation {
  const { what } = writer;
  return what.kind === 'write' ? read(times, what.expected + 1, what.value) : writer;
}

describe('a history that one order explains', () => {
  it('may have writes one after the other, and reads that are behind', () => {
    const first = write(0, { from: 0, to: 1 }, 'done');
    const second = write(1, { from: 2, to: 3 }, 'done');
    expect(checkRegister([first, second, readOf({ from: 4, to: 5 }, first)])).toEqual([]);
  });

  it('may have a loser of two that were asked at once, and one nobody knows of that took effect late', () => {
    const made = write(0, { from: 0, to: 1 }, 'done');
    const winner = write(1, { from: 2, to: 9 }, 'done');
    const loser = write(1, { from: 3, to: 5 }, { type: 'fail' });
    const unknown = write(2, { from: 10 }, { type: 'unknown' });
    expect(checkRegister([made, winner, loser, unknown])).toEqual([]);
    expect(checkRegister([made, winner, loser, unknown, readOf({ from: 90, to: 99 }, unknown)])).toEqual([]);
  });
});

describe('a history that no order explains', () => {
  const made = write(0, { from: 0, to: 1 }, 'done');

  it('two writes on one revision', () => {
    const both = [write(1, { from: 2, to: 3 }, 'done'), write(1, { from: 4, to: 5 }, 'done')];
    expect(checkRegister([made, ...both])).toEqual([expect.stringContaining('both told revision 2')]);
  });

  it('an acknowledged write whose revision went to another', () => {
    const lost = write(1, { from: 2, to: 3 }, 'done');
    expect(checkRegister([made, lost, read({ from: 4, to: 5 }, 2, 'another')])).not.toEqual([]);
  });

  it('a write that was answered before what it builds on was asked for', () => {
    const early = write(1, { from: 2, to: 3 }, 'done');
    const late = write(0, { from: 8, to: 9 }, 'done');
    expect(checkRegister([early, late])).toEqual([expect.stringContaining('was answered before')]);
  });

  it('a revision that nobody has written', () => {
    expect(checkRegister([made, read({ from: 4, to: 5 }, 3, 'x')])).toContain(
      'nobody has written revision 2, and it is there',
    );
  });

  it('a refusal though nothing newer was there', () => {
    const refused = write(1, { from: 2, to: 3 }, { type: 'fail' });
    const later = write(1, { from: 4, to: 5 }, 'done');
    expect(checkRegister([made, refused, later])).toEqual([expect.stringContaining('was refused though revision 1')]);
  });

  it('a read from the future', () => {
    const second = write(1, { from: 6, to: 7 }, 'done');
    expect(checkRegister([made, second, readOf({ from: 2, to: 3 }, second)])).toEqual([
      expect.stringContaining('before it was written'),
    ]);
  });
});

/** A register that works, asked by several clients at once: each operation takes effect at one instant between its two ends. */
function workingHistory(
  steps: readonly { at: number; before: number; after: number; isKnown: boolean; lag: number }[],
) {
  let revision = 0;
  const sorted = steps.toSorted((a, b) => a.at - b.at);
  const seenAt = (time: number) => sorted.filter(({ at }) => at <= time).length;
  return sorted.map(({ at, before, after, isKnown, lag }): Operation => {
    // It builds on what it can have seen when it asked; with a lag it has lost to others.
    const expected = Math.min(revision, Math.max(0, seenAt(at - before) - lag));
    const won = expected === revision;
    const told: Told | 'done' = isKnown ? (won ? 'done' : { type: 'fail' }) : { type: 'unknown' };
    const operation = write(expected, { from: at - before, ...(isKnown ? { to: at + after } : {}) }, told);
    if (won) revision += 1;
    return operation;
  });
}

describe('any history of a register that works', () => {
  const step = fc.record({
    at: fc.double({ min: 0, max: 100, noNaN: true }),
    before: fc.double({ min: 0, max: 10, noNaN: true }),
    after: fc.double({ min: 0, max: 10, noNaN: true }),
    isKnown: fc.boolean(),
    lag: fc.nat(2),
  });

  it('is explained', () => {
    fc.assert(
      fc.property(fc.uniqueArray(step, { maxLength: 30, selector: ({ at }) => at }), (steps) => {
        expect(checkRegister(workingHistory(steps))).toEqual([]);
      }),
    );
  });
});
