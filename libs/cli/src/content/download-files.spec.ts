// Where downloaded files may go.
import { expect, it } from 'vitest';
import { targetOf } from './download-files.ts';

it('puts files below the folder', () => {
  expect(targetOf('/data/out', 'a/b.csv')).toBe('/data/out/a/b.csv');
});
it.each(['../x', 'a/../../x', '..', '.', '/../etc/passwd', 'a\0b'])('refuses a path that leaves it: %j', (path) => {
  expect(() => targetOf('/data/out', path)).toThrow('outside the folder');
});
