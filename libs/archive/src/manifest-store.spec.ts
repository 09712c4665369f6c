// Manifests as blobs.
import { openMemoryBlobStore } from '@baton/blob-store';
import { expect, it } from 'vitest';
import { readManifest, storeManifest } from './manifest-store.ts';

const DIGEST = 'a'.repeat(64);
const file = (path: string, more: object = {}) => ({ path, digest: DIGEST, sizeBytes: 2, ...more });

it('is read as it was stored, sorted', async () => {
  const blobs = openMemoryBlobStore();
  const many = Array.from({ length: 2500 }, (_, n) => file(`f${n}`));
  const { summary, manifest } = await storeManifest(blobs, many);
  expect(summary).toMatchObject({ fileCount: 2500, sizeBytes: 5000 });
  expect(await readManifest(blobs, summary.digest)).toEqual(manifest);
  expect(manifest.files.slice(0, 3).map((one) => one.path)).toEqual(['f0', 'f1', 'f10']);
});

it('has the same digest whatever the order of files and members', async () => {
  const blobs = openMemoryBlobStore();
  const one = await storeManifest(blobs, [file('a', { executable: false }), file('b', { executable: true })]);
  const b = { executable: true, sizeBytes: 2, digest: DIGEST, path: 'b' };
  const other = await storeManifest(blobs, [b, file('a')]);
  expect(other.summary.digest).toBe(one.summary.digest);
});

it('may be empty', async () => {
  const blobs = openMemoryBlobStore();
  const { summary } = await storeManifest(blobs, []);
  expect((await blobs.read(summary.digest)).toString()).toBe('{"files":[]}');
});

it.each([[['../a']], [['a', 'a']], [['a', 'a/b']]])('refuses the paths %j', async (paths) => {
  const files = paths.map((path) => file(path));
  await expect(storeManifest(openMemoryBlobStore(), files)).rejects.toMatchObject({ code: 'invalid_input' });
});

it.each(['not json', '{"files":[{"path":"a"}]}', '[]'])('does not take %j for one', async (text) => {
  const blobs = openMemoryBlobStore();
  const { digest } = await blobs.put(Buffer.from(text));
  await expect(readManifest(blobs, digest)).rejects.toMatchObject({ code: 'internal' });
});
