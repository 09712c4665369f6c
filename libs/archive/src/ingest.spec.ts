// Ingestion of good uploads.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openFileBlobStore, openMemoryBlobStore } from '@baton/blob-store';
import { afterAll, describe, expect, it } from 'vitest';
import { ingest } from './ingest.ts';
import { readManifest } from './manifest-store.ts';
import { ingestOne, tar, textOf } from './testing/uploads.ts';
import { zip } from './testing/zip-builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'archive-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FILES = { 'b.txt': 'b', 'run.sh*': '#!/bin/sh', 'sub/a.txt': 'a' };
const tarFiles = () =>
  tar(
    { name: './', type: 'directory' },
    { name: './sub/', type: 'directory' },
    { name: './sub/a.txt', content: 'a' },
    { name: 'run.sh', content: '#!/bin/sh', mode: 0o755 },
    { name: 'b.txt', content: 'b' },
  );
const zipFiles = () =>
  zip(
    { name: 'sub/', mode: 0o040755 },
    { name: 'sub/a.txt', content: Buffer.from('a'), deflate: true },
    { name: 'run.sh', content: Buffer.from('#!/bin/sh'), mode: 0o100755 },
    { name: 'b.txt', content: Buffer.from('b'), mode: 0 },
  );

describe('an archive', () => {
  it.each([
    ['a.tar', tarFiles],
    ['a.tar.gz', async () => gzipSync(await tarFiles())],
    ['A.TGZ', async () => gzipSync(await tarFiles())],
    ['a.zip', async () => zipFiles()],
  ])('%s is unpacked in memory and on disk, into the same manifest', async (filename, make) => {
    const inMemory = await ingestOne(filename, await make());
    expect(await textOf(inMemory)).toEqual(FILES);
    expect(inMemory.summary).toMatchObject({ fileCount: 3, sizeBytes: 11 });
    expect(inMemory.manifest.files.map((file) => file.path)).toEqual(['b.txt', 'run.sh', 'sub/a.txt']);

    const blobs = await openFileBlobStore({ folder: join(folder, filename) });
    const onDisk = await ingestOne(filename, await make(), { blobs });
    expect(onDisk.summary).toEqual(inMemory.summary);
    expect(await readManifest(blobs, onDisk.summary.digest)).toEqual(onDisk.manifest);
  });

  it('keeps large and small files, more than are stored side by side', async () => {
    const members = Array.from({ length: 100 }, (_, n) => ({
      name: `f${n}`,
      content: 'x'.repeat(n % 20 === 0 ? 300_000 + n : n),
    }));
    const stored = await ingestOne('many.tar', await tar(...members));
    expect(await textOf(stored)).toEqual(Object.fromEntries(members.map(({ name, content }) => [name, content])));
  });

  it('keeps names longer than a tar header holds', async () => {
    const name = `${'folder/'.repeat(40)}ƒile.txt`;
    expect(await textOf(await ingestOne('long.tar', await tar({ name, content: 'x' })))).toEqual({ [name]: 'x' });
  });

  it.each(['model.npz', 'model.pt', 'model.keras', 'lib.jar', 'notes.tar.txt'])('%s is taken whole', async (name) => {
    const content = zipFiles();
    const { manifest, blobs } = await ingestOne(name, content);
    expect(manifest.files.map((file) => file.path)).toEqual([name]);
    expect(await blobs.read(String(manifest.files[0]?.digest))).toEqual(content);
  });

  it('is taken whole when unpacking was not asked for', async () => {
    const { manifest } = await ingestOne('a.zip', zipFiles(), { unpack: false });
    expect(manifest.files.map((file) => file.path)).toEqual(['a.zip']);
  });
});

describe('several uploads', () => {
  it('go together, archives unpacking where they lie', async () => {
    const blobs = openMemoryBlobStore();
    const archive = await blobs.put(zip({ name: 'x.csv', content: Buffer.from('x') }));
    const plain = await blobs.put(Buffer.from('y'));
    const { manifest, summary } = await ingest({
      blobs,
      unpack: true,
      uploads: [
        { ...archive, filename: 'x.zip', path: 'data/x.zip' },
        { ...plain, filename: 'y.csv', path: 'data/y.csv' },
        { ...plain, filename: 'z.csv' },
      ],
    });
    expect(manifest.files.map((file) => file.path)).toEqual(['data/x.csv', 'data/y.csv', 'z.csv']);
    expect(summary.sizeBytes).toBe(3);
  });

  it('give the same digest in any order', async () => {
    const blobs = openMemoryBlobStore();
    const a = { ...(await blobs.put(Buffer.from('a'))), filename: 'a' };
    const b = { ...(await blobs.put(Buffer.from('b'))), filename: 'b' };
    const one = await ingest({ blobs, unpack: true, uploads: [a, b] });
    const other = await ingest({ blobs, unpack: true, uploads: [b, a] });
    expect(one.summary).toEqual(other.summary);
    const json = (await blobs.read(one.summary.digest)).toString();
    expect(json).toBe(
      `{"files":[{"path":"a","digest":"${a.digest}","sizeBytes":1},{"path":"b","digest":"${b.digest}","sizeBytes":1}]}`,
    );
  });

  it('are refused for a bad path, a wrong size, missing content, or when there is none', async () => {
    const blobs = openMemoryBlobStore();
    const blob = await blobs.put(Buffer.from('a'));
    const attempt = (...uploads: Parameters<typeof ingest>[0]['uploads']) => ingest({ blobs, unpack: true, uploads });
    const invalid = { code: 'invalid_input' };
    await expect(attempt({ ...blob, filename: 'a', path: '../a' })).rejects.toMatchObject(invalid);
    await expect(attempt({ ...blob, filename: 'a', sizeBytes: 2 })).rejects.toMatchObject(invalid);
    await expect(attempt()).rejects.toMatchObject(invalid);
    const missing = { digest: '0'.repeat(64), sizeBytes: 1, filename: 'a' };
    await expect(attempt(missing)).rejects.toMatchObject({ code: 'not_found' });
  });
});
