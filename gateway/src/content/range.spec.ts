// Byte ranges: whatever the header says, what is answered lies inside the file.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRange } from './range.ts';

it('never leaves the file', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
    fc.nat().map((n) => `bytes=-${n}`),
  );
  fc.assert(
    fc.property(header, fc.nat(10_000), (text, sizeBytes) => {
      const range = parseRange(text, sizeBytes);
      if (range === null || range === 'unsatisfiable') return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.start).toBeLessThanOrEqual(range.end);
      expect(range.end).toBeLessThan(sizeBytes);
    }),
  );
});
it('ignores what is no single range', () => {
  for (const header of [undefined, '', 'bytes=', 'bytes=-', 'bytes=2-1', 'bytes=a-b', 'bytes=0-1,3-4', 'items=0-1'])
    expect(parseRange(header, 10)).toBeNull();
});
it('has nothing of an empty file', () => {
  expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
  expect(parseRange('bytes=-5', 0)).toBe('unsatisfiable');
});
