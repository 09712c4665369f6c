// The file adapter: the contract, and what it leaves on the disk.
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLocal } from '../port.ts';
import { describeBlobStore, digestOf } from '../testing/contract.ts';
import { openFileBlobStore } from './store.ts';

describeBlobStore('file', (folder) => openFileBlobStore({ folder }));

describe('the folder of the file blob store', () => {
  let folder: string;
  const open = () => openFileBlobStore({ folder });
  const staged = () => readdirSync(join(folder, 'staging'));

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'blob-store-')), 'deep', 'blobs');
  });
  afterEach(() => rmSync(join(folder, '..', '..'), { recursive: true }));

  it('holds a blob read-only under two levels of folders', async () => {
    const blobs = await open();
    const { digest } = await blobs.put(Buffer.from('hello'));
    const path = join(folder, digest.slice(0, 2), digest.slice(2, 4), digest);
    expect(statSync(path).mode & 0o777).toBe(0o444);
    expect(blobs.pathOf(digest)).toBe(path);
    expect(isLocal(blobs)).toBe(true);
  });

  it('makes an adopted file read-only', async () => {
    const blobs = await open();
    const path = join(folder, 'upload');
    writeFileSync(path, 'hello', { mode: 0o666 });
    const { digest } = await blobs.adopt(path, digestOf(Buffer.from('hello')));
    expect(statSync(blobs.pathOf(digest)).mode & 0o777).toBe(0o444);
  });

  it('has no staging left after a put, failed or not', async () => {
    const blobs = await open();
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(10);
      throw new Error('lost');
    }
    await blobs.put(Buffer.from('hello'));
    await expect(blobs.put(failing())).rejects.toThrow('lost');
    expect(staged()).toEqual([]);
  });

  it('keeps the first file when equal content comes again', async () => {
    const blobs = await open();
    const { digest } = await blobs.put(Buffer.from('hello'));
    const { ino } = statSync(blobs.pathOf(digest));
    await blobs.put(Buffer.from('hello'));
    expect(statSync(blobs.pathOf(digest)).ino).toBe(ino);
  });

  it('replaces a file that lost its tail', async () => {
    const blobs = await open();
    const { digest } = await blobs.put(Buffer.from('hello'));
    truncateSync(blobs.pathOf(digest), 2);
    await blobs.put(Buffer.from('hello'));
    expect((await blobs.read(digest)).toString()).toBe('hello');
  });

  it('loses staging files of yesterday at the next start, not those of now', async () => {
    await open();
    const old = join(folder, 'staging', 'old');
    writeFileSync(old, 'left by a crash');
    writeFileSync(join(folder, 'staging', 'young'), 'being written by another process');
    const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 60 * 60;
    utimesSync(old, twoDaysAgo, twoDaysAgo);
    await open();
    expect(staged()).toEqual(['young']);
  });
});
