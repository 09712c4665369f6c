// The last lines of output.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastLines, MAX_BYTES, MAX_LINES } from './last-lines.ts';

const lines = (count: number, name: string) =>
  Buffer.from(Array.from({ length: count }, (_, index) => `${name}${index}\n`).join(''));

describe('the last lines', () => {
  it('are the end of both outputs, standard error last', () => {
    const both = lastLines({ stdout: lines(100, 'o'), stderr: lines(100, 'e') });
    expect([both.length, both[0], both.at(-1)]).toEqual([50, 'o75', 'e99']);
    expect(lastLines({ stdout: lines(100, 'o'), stderr: lines(2, 'e') }).slice(-3)).toEqual(['o99', 'e0', 'e1']);
  });

  it('show the last state of a progress bar', () => {
    expect(lastLines({ stdout: Buffer.from('1%\r50%\r100%\n'), stderr: Buffer.alloc(0) })).toEqual(['100%']);
  });

  it('stay within their bounds and are text, whatever the output', () => {
    const bytes = fc.uint8Array({ maxLength: 100_000 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(bytes, bytes, (stdout, stderr) => {
        const found = lastLines({ stdout, stderr });
        expect(found.length).toBeLessThanOrEqual(MAX_LINES);
        expect(Buffer.byteLength(found.join('\n'))).toBeLessThanOrEqual(MAX_BYTES);
        expect(found.every((line) => line.isWellFormed())).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
