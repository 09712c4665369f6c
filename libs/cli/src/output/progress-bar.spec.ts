// How far something is.
import { expect, it } from 'vitest';
import { progressText } from './progress-bar.ts';

it('tells the share, the bytes and the time that is left', () => {
  expect(progressText('data.csv', { done: 512, total: 1_024, perMs: 0.512 })).toBe(
    'data.csv ████████████░░░░░░░░░░░░ 50 % 512 B of 1.0 KiB, 1.0 s left',
  );
});
it('is whole for an empty file', () => {
  expect(progressText('e', { done: 0, total: 0, perMs: 0 })).toBe(`e ${'█'.repeat(24)} 100 % 0 B of 0 B`);
});
