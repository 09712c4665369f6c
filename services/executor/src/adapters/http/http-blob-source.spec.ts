// Staging from a blob store elsewhere: goes on where it was cut off, at the pace that it is given.
import { type BlobStore, openMemoryBlobStore } from '@baton/blob-store';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { HttpBlobSource } from './http-blob-source.ts';

const CONTENT = Buffer.from('the whole content');
let store: BlobStore;
let digest: string;
let into: string;
let taken: number[];

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'blob-source-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  into = join(folder, 'blob');
  store = openMemoryBlobStore();
  taken = [];
  digest = (await store.put(CONTENT)).digest;
});

const options = (change: object = {}) => ({
  sizeBytes: CONTENT.length,
  signal: new AbortController().signal,
  pace: { take: async (bytes: number) => void taken.push(bytes) },
  ...change,
});
const fetched = () => readFileSync(into, 'utf8');
const fetch = (change?: object) => new HttpBlobSource(store).fetch(digest, into, options(change));

describe('a fetch', () => {
  it('writes the whole content and asks for leave for every byte', async () => {
    await fetch();
    expect(fetched()).toBe(String(CONTENT));
    expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBe(CONTENT.length);
  });
  it('goes on after the beginning that an earlier one left', async () => {
    writeFileSync(into, 'the whole');
    await fetch();
    expect(fetched()).toBe(String(CONTENT));
    expect(taken).toEqual([' content'.length]);
  });
  it('moves nothing when all of it is there, and begins anew where there is more than it can be', async () => {
    writeFileSync(into, CONTENT);
    await fetch();
    expect(taken).toEqual([]);
    writeFileSync(into, `${String(CONTENT)} and more`);
    await fetch();
    expect(fetched()).toBe(String(CONTENT));
  });
  it('makes an empty file of nothing', async () => {
    digest = (await store.put(Buffer.alloc(0))).digest;
    await fetch({ sizeBytes: 0 });
    expect(fetched()).toBe('');
  });
  it('stops when it is told to, and passes on that there is no such content', async () => {
    const stop = new AbortController();
    const pace = { take: async () => stop.abort(new Error('enough')) };
    await expect(fetch({ signal: stop.signal, pace })).rejects.toThrow('enough');
    digest = '0'.repeat(64);
    await expect(fetch()).rejects.toMatchObject({ code: 'not_found' });
  });
});
