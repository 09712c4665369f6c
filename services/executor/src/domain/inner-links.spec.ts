// Links of a folder: what stands under them is never anything but a file of that folder.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveLinks } from './inner-links.ts';

const found = new Map([
  ['epoch-3.pt', 3],
  ['runs/a/x.pt', 1],
  ['runs/a/y.pt', 2],
]);
const resolve = (links: Record<string, string>, root = '/srv/out') => {
  const all = Object.entries(links).map(([path, target]) => ({ path, target }));
  const { files, left } = resolveLinks(found, all, root);
  return { files: Object.fromEntries(files), left };
};

describe('a link', () => {
  it('stands for the file or the folder of the same tree that it leads to', () => {
    expect(resolve({ 'best.pt': 'epoch-3.pt', latest: 'runs/a/', 'runs/last.pt': './../epoch-3.pt' })).toEqual({
      files: { 'best.pt': 3, 'latest/x.pt': 1, 'latest/y.pt': 2, 'runs/last.pt': 3 },
      left: [],
    });
    expect(resolve({ 'best.pt': '/srv/out/epoch-3.pt' }).files).toEqual({ 'best.pt': 3 });
    expect(resolve({ a: 'b', b: 'c', c: 'epoch-3.pt' }).files).toEqual({ a: 3, b: 3, c: 3 });
  });

  it.each([
    ['outside', '/etc/passwd'],
    ['outside, by a name that begins alike', '/srv/out-of-here/epoch-3.pt'],
    ['up and out', '../../etc/passwd'],
    ['above itself', '..'],
    ['nothing', 'missing.pt'],
    ['itself', 'link'],
    ['the whole tree', '.'],
    ['through a file', 'epoch-3.pt/x'],
  ])('that leads %s is left', (_where, target) => {
    expect(resolve({ link: target })).toEqual({ files: {}, left: ['link'] });
  });

  it('in a circle is left, and so is one within what it names', () => {
    expect(resolve({ a: 'b', b: 'a' }).left).toEqual(['a', 'b']);
    expect(resolve({ 'runs/self': '../runs' })).toEqual({ files: {}, left: ['runs/self'] });
  });

  it('never names more than ten thousand files, however many there are', () => {
    const many = new Map(Array.from({ length: 6_000 }, (_, index) => [`big/${index}`, index]));
    const links = Array.from({ length: 50 }, (_, index) => ({ path: `link-${index}`, target: 'big' }));
    const { files, left } = resolveLinks(many, links, '/srv/out');
    expect([files.size, left.length]).toEqual([6_000, 49]);
  });

  it('never reaches anything that was not found', () => {
    const part = fc.constantFrom('..', '.', 'epoch-3.pt', 'runs', 'a', 'x.pt', 'link', '', '/etc', '/srv/out');
    const target = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('link', 'runs/link', 'z'), target), (links) => {
        const { files, left } = resolve(links);
        for (const value of Object.values(files)) expect([...found.values()]).toContain(value);
        for (const path of [...Object.keys(files), ...left]) {
          expect(Object.keys(links).some((link) => path === link || path.startsWith(`${link}/`))).toBe(true);
        }
      }),
    );
  });
});
