// The contract of every blob store, run by the specs of its adapters.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore } from '../port.ts';

interface Context {
  readonly blobs: () => BlobStore;
  /** A path in a fresh folder beside the store. */
  readonly path: (name: string) => string;
}

const HELLO = Buffer.from('hello');
export const digestOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
const NOWHERE = digestOf(Buffer.from('never stored'));

export function describeBlobStore(name: string, open: (folder: string) => Promise<BlobStore>): void {
  describe(`the ${name} blob store`, () => {
    let folder: string;
    let store: BlobStore;
    const context: Context = { blobs: () => store, path: (file) => join(folder, file) };

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'blob-store-'));
      store = await open(join(folder, 'blobs'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    describePut(context);
    describeRefusedPut(context);
    describeRead(context);
    describeAdopt(context);
    describeCopy(context);
  });
}

function describePut({ blobs }: Context): void {
  it('stores bytes and streams under their digest', async () => {
    const whole = await blobs().put(HELLO);
    expect(whole).toEqual({ digest: digestOf(HELLO), sizeBytes: 5 });
    expect(await blobs().put(chunks('he', '', 'llo'))).toEqual(whole);
    expect((await blobs().read(whole.digest)).toString()).toBe('hello');
  });

  it('stores nothing at all', async () => {
    const { digest } = await blobs().put(Buffer.alloc(0));
    expect(await blobs().stat(digest)).toEqual({ digest, sizeBytes: 0 });
    expect(await buffer(await blobs().open(digest))).toHaveLength(0);
  });

  it('keeps its own copy of the bytes', async () => {
    const bytes = Buffer.from('first');
    const { digest } = await blobs().put(bytes);
    bytes.write('other');
    expect((await blobs().read(digest)).toString()).toBe('first');
  });

  it('takes the same content from many at once', async () => {
    const content = Buffer.alloc(300_000, 'x');
    const stored = await Promise.all(Array.from({ length: 8 }, () => blobs().put(chunks(content.toString()))));
    expect(new Set(stored.map((blob) => blob.digest))).toEqual(new Set([digestOf(content)]));
    expect(await blobs().read(digestOf(content))).toEqual(content);
  });
}

function describeRefusedPut({ blobs }: Context): void {
  it('refuses content with another digest than promised, and keeps nothing of it', async () => {
    for (const content of [HELLO, chunks('hello')]) {
      await expect(blobs().put(content, { digest: NOWHERE })).rejects.toMatchObject({ code: 'digest_mismatch' });
    }
    expect(await blobs().stat(digestOf(HELLO))).toBeNull();
    await blobs().put(chunks('hello'), { digest: digestOf(HELLO) });
  });

  it('refuses more bytes than allowed as soon as they come', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        asked += 1;
        yield Buffer.alloc(1000);
      }
    }
    await expect(blobs().put(endless(), { maxBytes: 5000 })).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(asked).toBe(6);
    await blobs().put(HELLO, { maxBytes: 5 });
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    async function* stopping(): AsyncGenerator<Uint8Array> {
      yield HELLO;
      stop.abort(new Error('enough'));
      yield HELLO;
    }
    await expect(blobs().put(stopping(), { signal: stop.signal })).rejects.toThrow('enough');
  });

  it("passes the source's error on", async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield HELLO;
      throw new Error('connection lost');
    }
    await expect(blobs().put(failing())).rejects.toThrow('connection lost');
    expect(await blobs().stat(digestOf(HELLO))).toBeNull();
  });
}

function describeRead({ blobs }: Context): void {
  it('gives ranges, with both ends inclusive, cut at the end', async () => {
    const { digest } = await blobs().put(HELLO);
    const text = async (start: number, end: number) =>
      (await buffer(await blobs().open(digest, { start, end }))).toString();
    expect(await text(0, 0)).toBe('h');
    expect(await text(1, 3)).toBe('ell');
    expect(await text(4, 99)).toBe('o');
  });

  it.each([
    [5, 9],
    [3, 2],
    [-1, 2],
    [0.5, 2],
  ])('refuses the range %s-%s of five bytes', async (start, end) => {
    const { digest } = await blobs().put(HELLO);
    await expect(blobs().open(digest, { start, end })).rejects.toMatchObject({ code: 'range_not_satisfiable' });
  });

  it('knows nothing of content that was never stored', async () => {
    expect(await blobs().stat(NOWHERE)).toBeNull();
    await expect(blobs().read(NOWHERE)).rejects.toMatchObject({ code: 'not_found' });
    await expect(blobs().open(NOWHERE)).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each(['../../etc/passwd', '', 'A'.repeat(64), `${'a'.repeat(63)}/`])('refuses %j as a digest', async (digest) => {
    const refusal = { code: 'invalid_input' };
    await expect(blobs().read(digest)).rejects.toMatchObject(refusal);
    await expect(blobs().open(digest)).rejects.toMatchObject(refusal);
    await expect(blobs().stat(digest)).rejects.toMatchObject(refusal);
    await expect(blobs().copyTo(digest, '/dev/null', 0o600)).rejects.toMatchObject(refusal);
    await expect(blobs().adopt('/dev/null', digest)).rejects.toMatchObject(refusal);
  });
}

function describeAdopt({ blobs, path }: Context): void {
  it('takes a file over', async () => {
    for (const verified of [false, true]) {
      writeFileSync(path('upload'), `hello ${verified}`);
      const digest = digestOf(Buffer.from(`hello ${verified}`));
      const blob = await blobs().adopt(path('upload'), digest, { verified });
      expect(blob).toEqual(await blobs().stat(digest));
      expect(existsSync(path('upload'))).toBe(false);
    }
  });

  it('takes a file with content that it has', async () => {
    const { digest } = await blobs().put(HELLO);
    writeFileSync(path('upload'), HELLO);
    await blobs().adopt(path('upload'), digest);
    expect(existsSync(path('upload'))).toBe(false);
    expect(await blobs().read(digest)).toEqual(HELLO);
  });

  it('leaves a file with another digest where it is', async () => {
    writeFileSync(path('upload'), HELLO);
    await expect(blobs().adopt(path('upload'), NOWHERE)).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(readFileSync(path('upload'))).toEqual(HELLO);
    expect(await blobs().stat(NOWHERE)).toBeNull();
  });
}

function describeCopy({ blobs, path }: Context): void {
  it('copies to a file of its own, with the mode asked for', async () => {
    const { digest } = await blobs().put(HELLO);
    await blobs().copyTo(digest, path('copy'), 0o750);
    expect(statSync(path('copy')).mode & 0o777).toBe(0o750);
    expect(statSync(path('copy')).nlink).toBe(1);
    writeFileSync(path('copy'), 'changed');
    expect(await blobs().read(digest)).toEqual(HELLO);
  });

  it('replaces no file', async () => {
    const { digest } = await blobs().put(HELLO);
    writeFileSync(path('copy'), 'mine');
    await expect(blobs().copyTo(digest, path('copy'), 0o600)).rejects.toMatchObject({ code: 'conflict' });
    expect(readFileSync(path('copy'), 'utf8')).toBe('mine');
  });

  it('copies nothing that it does not have', async () => {
    await expect(blobs().copyTo(NOWHERE, path('copy'), 0o600)).rejects.toMatchObject({ code: 'not_found' });
    expect(existsSync(path('copy'))).toBe(false);
  });
}

async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}
