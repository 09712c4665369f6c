// Filenames of uploads: a name alone, whatever was sent.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { safeFilename } from './filename.ts';

it('is never a path, never empty and never too long', () => {
  fc.assert(
    fc.property(fc.option(fc.string({ unit: 'binary', maxLength: 300 })), (name) => {
      const safe = safeFilename(name);
      expect(safe).not.toMatch(/[/\\\p{Cc}]/u);
      expect(['', '.', '..']).not.toContain(safe);
      expect(safe.length).toBeLessThanOrEqual(255);
    }),
  );
});
it('keeps a good name and drops its folders', () => {
  expect(safeFilename('C:\\data\\표 1.csv')).toBe('표 1.csv');
  expect(safeFilename('../..')).toBe('upload.bin');
});
