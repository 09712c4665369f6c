// Paths: no way out of the folder, and none that go together badly.
import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathFault, PathSet } from './paths.ts';

const segment = fc.oneof(
  fc.constantFrom('.', '..', '', 'a', 'b', '...', '\\', '\0', 'C:', '~', ' '),
  fc.string({ maxLength: 4, unit: 'binary' }),
);
const anyPath = fc.array(segment, { maxLength: 5 }).map((segments) => segments.join('/'));

describe('a path without a fault', () => {
  it('stays below any folder that it is put into, and is written one way only', () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        fc.pre(pathFault(path) === null);
        expect(posix.resolve('/root', path)).toBe(`/root/${path}`);
        expect(posix.normalize(path)).toBe(path);
        expect(Buffer.from(path).toString()).toBe(path);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['a', 'a/b.txt', '...', 'a b', '한국어/데이터.csv', '-rf', 'c:d', '.hidden'])('may be %j', (path) => {
    expect(pathFault(path)).toBeNull();
  });
});

describe('a set of paths', () => {
  const names = fc
    .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('/'));

  it('holds what a file system could hold, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ path: names, folder: fc.boolean() }), { maxLength: 8 }), (entries) => {
        const set = new PathSet('bad_archive');
        const allowed = entries.map(({ path, folder }) => {
          try {
            if (folder) set.folder(path);
            else set.file(path);
            return true;
          } catch {
            return false;
          }
        });
        expect(allowed).toEqual(possible(entries));
      }),
      { numRuns: 1000 },
    );
  });
});

/** Which entries a file system would take one after the other, each file only once. */
function possible(entries: readonly { path: string; folder: boolean }[]): boolean[] {
  const files = new Set<string>();
  const folders = new Set<string>();
  return entries.map(({ path, folder }) => {
    const parents = parentsOf(path);
    const clash = files.has(path) || (!folder && folders.has(path)) || parents.some((parent) => files.has(parent));
    if (clash) return false;
    (folder ? folders : files).add(path);
    for (const parent of parents) folders.add(parent);
    return true;
  });
}

function parentsOf(path: string): string[] {
  const names = path.split('/');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
}
