// Lines out of chunks.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastState, LineSplitter } from './line-splitter.ts';

function split(chunks: readonly string[]): string[] {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)));
  return splitter.isEmpty ? lines : [...lines, splitter.flush()];
}

describe('the line splitter', () => {
  it('collapses carriage returns to the last state', () => {
    expect(split(['10%\r20%\r', '30%\n', 'done\r\n'])).toEqual(['30%', 'done']);
  });

  it('gives the same lines however the output is cut', () => {
    const piece = fc.constantFrom('a', 'é', '\r', '\n', 'loss=1', '\r\n');
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(20)), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''));
        const at = [...new Set(cuts.filter((cut) => cut < bytes.length))].toSorted((a, b) => a - b);
        const splitter = new LineSplitter();
        const lines = [0, ...at].flatMap((from, index) =>
          splitter.push(bytes.subarray(from, at[index] ?? bytes.length)),
        );
        const whole = new LineSplitter();
        expect([...lines, splitter.flush()]).toEqual([...whole.push(bytes), whole.flush()]);
      }),
    );
  });

  it('gives of all lines those in which a pattern is found, wherever the output is cut', () => {
    const piece = fc.constantFrom('a', 'é', '\r', '\n', '=1', '\r\n');
    fc.assert(
      fc.property(fc.array(piece), fc.nat(40), (pieces, cut) => {
        const bytes = Buffer.from(pieces.join(''));
        const splitter = new LineSplitter();
        const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
        const found = parts.flatMap((part) => splitter.push(part, /=1/g));
        const shown = bytes.toString().split('\n').slice(0, -1).map(lastState);
        // A line in which it was overwritten may be given too.
        expect(found.filter((line) => line.includes('=1'))).toEqual(shown.filter((line) => line.includes('=1')));
      }),
    );
  });

  it('keeps only the beginning of an endless line', () => {
    const splitter = new LineSplitter();
    for (let i = 0; i < 200; i += 1) splitter.push(Buffer.alloc(1_024, 'x'));
    expect(splitter.push(Buffer.from('\nnext\n')).map((line) => line.length)).toEqual([65_536, 4]);
  });
});
