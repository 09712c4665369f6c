// Packing a manifest for download.
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { type BlobStore, openMemoryBlobStore } from '@baton/blob-store';
import type { Manifest } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { storeManifest } from './manifest-store.ts';
import { packTar } from './pack.ts';
import { packZip } from './pack-zip.ts';
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

it('comes back whole through a.zip, whose length is told before', async () => {
  const blobs = openMemoryBlobStore();
  const manifest = await stored(blobs, FILES);
  const { stream, sizeBytes } = packZip(manifest, blobs);
  const packed = await buffer(stream);
  expect(packed.length).toBe(sizeBytes);
  expect(await textOf(await ingestOne('a.zip', packed))).toEqual(FILES);
  expect(await buffer(packZip(manifest, blobs).stream)).toEqual(packed);
});

it('is an empty archive for no files', async () => {
  const { stream, sizeBytes } = packZip({ files: [] }, openMemoryBlobStore());
  expect((await buffer(stream)).length).toBe(sizeBytes);
});

const packers: [string, (manifest: Manifest, blobs: BlobStore) => Readable][] = [
  ['tar', packTar],
  ['zip', (manifest, blobs) => packZip(manifest, blobs).stream],
];

describe.each(packers)('%s', (_name, pack) => {
  it('fails when a blob is missing', async () => {
    const manifest = { files: [{ path: 'a', digest: '0'.repeat(64), sizeBytes: 1 }] };
    await expect(buffer(pack(manifest, openMemoryBlobStore()))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('fails when a blob has another size than the manifest says', async () => {
    const blobs = openMemoryBlobStore();
    const { digest } = await blobs.put(Buffer.from('abc'));
    const manifest = { files: [{ path: 'a', digest, sizeBytes: 2 }] };
    await expect(buffer(pack(manifest, blobs))).rejects.toThrow('Size mismatch');
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
    const out = pack(manifest, watched);
    await once(out, 'readable');
    out.destroy();
    await once(out, 'close');
    await new Promise((resolve) => setImmediate(resolve));
    expect(opened).toBeLessThan(10);
  });
});
