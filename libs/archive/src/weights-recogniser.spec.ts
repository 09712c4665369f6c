// Weights among stored files: each content is looked at once.
import { type BlobStore, openMemoryBlobStore } from '@baton/blob-store';
import { expect, it } from 'vitest';
import { WeightsRecogniser } from './weights-recogniser.ts';

const HDF5 = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

async function stored(blobs: BlobStore, path: string, content: Uint8Array) {
  return { path, ...(await blobs.put(content)) };
}

it('finds what is weights by name and content, and reads nothing else, and nothing twice', async () => {
  const blobs = openMemoryBlobStore();
  let opened = 0;
  const counting = new Proxy(blobs, {
    get: (target, key) => {
      if (key === 'open') opened += 1;
      return Reflect.get(target, key).bind(target);
    },
  });
  const files = [
    await stored(blobs, 'a.keras', HDF5),
    await stored(blobs, 'copy/b.keras', HDF5),
    await stored(blobs, 'c.keras', Buffer.from('text')),
    await stored(blobs, 'log.txt', HDF5),
    await stored(blobs, 'empty.onnx', Buffer.alloc(0)),
    { path: 'gone.keras', digest: '0'.repeat(64), sizeBytes: 5 },
  ];
  const recogniser = new WeightsRecogniser(counting);
  const found = await recogniser.among(files);
  expect(Object.fromEntries(found)).toEqual({ 'a.keras': 'keras', 'copy/b.keras': 'keras' });
  const before = opened;
  expect(before).toBeLessThanOrEqual(4);
  expect(await recogniser.among(files)).toEqual(found);
  expect(opened).toBe(before);
});
