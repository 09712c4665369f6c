// Ingestion of damaged and hostile archives: refused, with no manifest stored.
import { gunzipSync, gzipSync } from 'node:zlib';
import { openMemoryBlobStore } from '@baton/blob-store';
import { describe, expect, it } from 'vitest';
import type { IngestRequest } from './ingest.ts';
import { ingestOne, tar, type TarMember } from './testing/uploads.ts';
import { zip, type ZipMember } from './testing/zip-builder.ts';

const bad = { code: 'bad_archive' };
const bomblike = { ...bad, message: expect.stringContaining('times its size') as string };
const text = Buffer.from('some text');

/** What ingesting it throws. */
async function refusal(filename: string, content: Uint8Array, more?: Partial<IngestRequest>): Promise<unknown> {
  return ingestOne(filename, content, more).then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
}

describe.each([
  '../escape',
  'a/../../escape',
  '/etc/passwd',
  'C:/windows',
  'a//b',
  'a/./b',
  'back\\slash',
  'nul\0byte',
  `${'n'.repeat(256)}`,
  `${'long/'.repeat(250)}x`,
])('the path %j', (name) => {
  it('is refused in a zip', async () => {
    expect(await refusal('a.zip', zip({ name, content: text }))).toMatchObject(bad);
  });
  it('is refused as a folder of a zip', async () => {
    expect(await refusal('a.zip', zip({ name: `${name}/`, mode: 0o040755 }))).toMatchObject(bad);
  });
  // A name in a tar ends at a NUL, so there is no such path to refuse.
  it.skipIf(name.includes('\0'))('is refused in a tar', async () => {
    expect(await refusal('a.tar', await tar({ name, content: 'x' }))).toMatchObject(bad);
  });
});

describe('a tar', () => {
  it.each([
    { name: 'l', type: 'symlink', linkname: '/etc/passwd' },
    { name: 'l', type: 'link', linkname: 'other' },
    { name: 'd', type: 'character-device' },
    { name: 'd', type: 'block-device' },
    { name: 'f', type: 'fifo' },
  ] as TarMember[])('with a $type is refused', async (member) => {
    expect(await refusal('a.tar', await tar({ name: 'other', content: 'x' }, member))).toMatchObject(bad);
  });

  it.each([
    ['twice the same file', ['a', 'a']],
    ['the same file spelled differently', ['a', './a']],
    ['a file that is a folder of another', ['a', 'a/b']],
    ['a folder of another that is a file', ['a/b', 'a']],
  ])('with %s is refused', async (_, names) => {
    expect(await refusal('a.tar', await tar(...names.map((name) => ({ name, content: 'x' }))))).toMatchObject(bad);
  });

  it('that is cut off anywhere is refused', async () => {
    const whole = await tar({ name: 'a', content: 'x'.repeat(700) }, { name: 'b', content: 'y' });
    const lastContent = 512 + 1024 + 512 + 512;
    for (const length of [512, 600, 1024, 1100, 1536, 1537, 2048, lastContent - 100]) {
      expect(await refusal('a.tar', whole.subarray(0, length))).toMatchObject(bad);
    }
  });

  it('with a broken header is refused', async () => {
    const broken = await tar({ name: 'a', content: 'x' }, { name: 'b', content: 'y' });
    broken.write('99', 1024 + 148);
    expect(await refusal('a.tar', broken)).toMatchObject(bad);
  });
});

describe('a tar.gz', () => {
  it('of garbage, or cut off, or with a changed byte is refused', async () => {
    const whole = gzipSync(await tar({ name: 'a', content: 'x'.repeat(1000) }));
    expect(
      await refusal('a.tar.gz', Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), Buffer.alloc(600, 7)])),
    ).toMatchObject(bad);
    expect(await refusal('a.tar.gz', whole.subarray(0, whole.length - 10))).toMatchObject(bad);
    const changed = Buffer.from(whole);
    changed.writeUInt32LE(0, changed.length - 8);
    expect(await refusal('a.tar.gz', changed)).toMatchObject(bad);
    expect(gunzipSync(whole).length).toBeGreaterThan(0);
  });

  it('of something else is refused', async () => {
    expect(await refusal('a.tgz', gzipSync(Buffer.alloc(2000, 'text')))).toMatchObject(bad);
  });

  it('that unpacks to far more than its size is refused', async () => {
    const bomb = gzipSync(Buffer.concat([await tar({ name: 'a', content: 'x' }), Buffer.alloc(512 * 40_000)]));
    const limits = { ratioFromBytes: 1_000_000, maxRatio: 500 };
    expect(await refusal('a.tgz', bomb, { limits })).toMatchObject(bomblike);
    await ingestOne('a.tgz', bomb);
  });
});

describe('a zip', () => {
  it.each([
    ['a symbolic link', { mode: 0o120777 }],
    ['a device', { mode: 0o020666 }],
    ['an encrypted file', { flags: 1 }],
    ['an unknown compression', { method: 99 }],
    ['a wrong checksum', { claimedCrc: 1 }],
    ['a size larger than told', { deflate: true, claimedSize: 2 }],
    ['a size smaller than told', { deflate: true, claimedSize: 2000 }],
  ] as [string, Partial<ZipMember>][])('with %s is refused', async (_, member) => {
    expect(
      await refusal('a.zip', zip({ name: 'good', content: text }, { name: 'x', content: text, ...member })),
    ).toMatchObject(bad);
  });

  it.each([
    ['twice the same file', ['a', 'a']],
    ['a file that is a folder of another', ['a', 'a/b']],
    ['a folder that is a file', ['a/', 'a']],
  ])('with %s is refused', async (_, names) => {
    expect(
      await refusal(
        'a.zip',
        zip(...names.map((name) => ({ name, content: name.endsWith('/') ? Buffer.alloc(0) : text }))),
      ),
    ).toMatchObject(bad);
  });

  it('that is cut off is refused', async () => {
    const whole = zip({ name: 'a', content: text }, { name: 'b', content: text });
    for (const length of [4, 30, whole.length - 22, whole.length - 1])
      expect(await refusal('a.zip', whole.subarray(0, length))).toMatchObject(bad);
  });

  it('that unpacks to far more than its size is refused', async () => {
    const bomb = zip({ name: 'a', content: Buffer.alloc(20_000_000), deflate: true });
    const limits = { ratioFromBytes: 1_000_000, maxRatio: 500 };
    expect(await refusal('a.zip', bomb, { limits })).toMatchObject(bomblike);
  });
});

describe('limits', () => {
  const tooLarge = { code: 'payload_too_large' };
  const three = () =>
    tar({ name: 'a', content: 'aaa' }, { name: 'b/', type: 'directory' }, { name: 'b/c', content: 'c' });

  it('hold for the number of files, folders included', async () => {
    await expect(ingestOne('a.tar', await three(), { limits: { maxFiles: 2 } })).rejects.toMatchObject(tooLarge);
    await ingestOne('a.tar', await three(), { limits: { maxFiles: 3 } });
  });

  it('hold for the bytes of all files', async () => {
    await expect(ingestOne('a.tar', await three(), { limits: { maxBytes: 3 } })).rejects.toMatchObject(tooLarge);
    await ingestOne('a.tar', await three(), { limits: { maxBytes: 4 } });
  });
});

it('refuses content that its name belies', async () => {
  expect(await refusal('a.zip', await tar({ name: 'a', content: 'x' }))).toMatchObject(bad);
  expect(await refusal('a.tar', zip({ name: 'a', content: text }))).toMatchObject(bad);
  expect(await refusal('a.tar.gz', await tar({ name: 'a', content: 'x' }))).toMatchObject(bad);
  expect(await refusal('a.zip', Buffer.alloc(0))).toMatchObject(bad);
});

it('refuses an archive without files', async () => {
  expect(await refusal('a.zip', zip())).toMatchObject({ code: 'invalid_input' });
  expect(await refusal('a.tar', await tar({ name: 'folder', type: 'directory' }))).toMatchObject({
    code: 'invalid_input',
  });
});

it('stores no manifest, and nothing afterwards, when it fails', async () => {
  const blobs = openMemoryBlobStore();
  let running = 0;
  const put: typeof blobs.put = async (content, options) => {
    running += 1;
    const blob = await blobs.put(content, options);
    running -= 1;
    expect((await blobs.read(blob.digest)).toString()).not.toContain('"files"');
    return blob;
  };
  const watched = new Proxy(blobs, {
    get: (target, key) => (key === 'put' ? put : Reflect.get(target, key).bind(target)),
  });
  const members = Array.from({ length: 40 }, (_, n) => ({ name: `f${n}`, content: `${n}` }));
  const archive = await tar(...members, { name: '../x', content: 'x' });
  await expect(ingestOne('a.tar', archive, { blobs: watched })).rejects.toMatchObject(bad);
  expect(running).toBe(0);
});

it('stops when told to', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(ingestOne('a.tar', await tar({ name: 'a' }), { signal })).rejects.toThrow('enough');
});
