// Packing a manifest for download.
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { type BlobStore, openMemoryBlobStore } from '@baton/blob-store';
import { expect, it } from 'vitest';
import { storeManifest } from './manifest-store.ts';
import { packTar } from './pack.ts';
import { ingestOne, textOf } from './testing/uploads.ts';

async function stored(blobs: BlobStore, files: Record<string, string>) {
  const entries = Object.entries(files).map(async ([name, text]) => {
    const { digest, sizeBytes } = await blobs.put(Buffer.from(text));
    const executable = name.endsWith('*');
    return { path: name.replace('*', ''), digest, sizeBytes, executable };
  });
  return (await storeManifest(blobs, await Promise.all(entries))).manifest;
}

const FILES = {
  'a.txt': 'a',
  empty: '',
  'run.sh*': '#!/bin/sh',
  'sub/big.bin': 'x'.repeat(1_000_000),
  [`${'very/'.repeat(60)}long.txt`]: 'long',
};

it.each([
  ['a.tar', {}],
  ['a.tar.gz', { gzip: true }],
])('comes back whole through %s', async (filename, options) => {
  const blobs = openMemoryBlobStore();
  const manifest = await stored(blobs, FILES);
  const packed = await buffer(packTar(manifest, blobs, options));
  expect(await textOf(await ingestOne(filename, packed))).toEqual(FILES);
  expect(await buffer(packTar(manifest, blobs, options))).toEqual(packed);
});

it('fails when a blob is missing', async () => {
  const manifest = { files: [{ path: 'a', digest: '0'.repeat(64), sizeBytes: 1 }] };
  await expect(buffer(packTar(manifest, openMemoryBlobStore()))).rejects.toMatchObject({ code: 'not_found' });
});

it('fails when a blob has another size than the manifest says', async () => {
  const blobs = openMemoryBlobStore();
  const { digest } = await blobs.put(Buffer.from('abc'));
  const manifest = { files: [{ path: 'a', digest, sizeBytes: 2 }] };
  await expect(buffer(packTar(manifest, blobs))).rejects.toThrow('Size mismatch');
});

it('stops reading when the receiver goes away', async () => {
  const blobs = openMemoryBlobStore();
  const manifest = await stored(
    blobs,
    Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f${n}`, 'x'.repeat(100_000)])),
  );
  let opened = 0;
  const watched = new Proxy(blobs, {
    get: (target, key) => {
      if (key === 'open') opened += 1;
      return Reflect.get(target, key).bind(target);
    },
  });
  const out = packTar(manifest, watched);
  await once(out, 'readable');
  out.destroy();
  await once(out, 'close');
  await new Promise((resolve) => setImmediate(resolve));
  expect(opened).toBeLessThan(10);
});
