// How errors of the file system come out.
import { expect, it } from 'vitest';
import { asPlatformError } from './failure.ts';

const failing = (code: string): Error => Object.assign(new Error(`${code}: write '/secret/path'`), { code });

it.each([
  ['ENOSPC', 'storage_full'],
  ['EDQUOT', 'storage_full'],
  ['EROFS', 'unavailable'],
  ['EACCES', 'unavailable'],
  ['EIO', 'unavailable'],
])('makes %s %s, without the path in the public text', (system, code) => {
  const error = asPlatformError(failing(system));
  expect(error).toMatchObject({ code, detail: `${system}: write '/secret/path'` });
  expect((error as Error).message).not.toContain('/secret');
});

it('leaves other errors alone', () => {
  const other = failing('ENOENT');
  expect(asPlatformError(other)).toBe(other);
  expect(asPlatformError('text')).toBe('text');
});
