// tus 1.0.0 over HTTP, as a client sees it: offsets, ownership, checksums, what happens when the client lies or the disk file is cut.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { datasetRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayFixture, json, startFixture } from '../testing/fixture.ts';

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

const TUS = { 'tus-resumable': '1.0.0' };
const CHUNK = { ...TUS, 'content-type': 'application/offset+octet-stream' };
const sha256 = (data: Uint8Array, encoding: 'hex' | 'base64' = 'hex') =>
  createHash('sha256').update(data).digest(encoding);
const metadata = (entries: Record<string, string>) =>
  Object.entries(entries)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

async function create(headers: Record<string, string>, token = 'alice'): Promise<string> {
  const response = await fixture.fetch('/files', { method: 'POST', token, headers: { ...TUS, ...headers } });
  expect(response.status).toBe(201);
  return response.headers.get('location') ?? '';
}
const patch = (url: string, offset: number, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fixture.fetch(url, { method: 'PATCH', headers: { ...CHUNK, 'upload-offset': String(offset), ...headers }, body });
async function offsetOf(url: string): Promise<string | null> {
  const response = await fixture.fetch(url, { method: 'HEAD', headers: TUS });
  expect(response.status).toBe(200);
  return response.headers.get('upload-offset');
}
const idOf = (url: string) => url.split('/').at(-1) ?? '';

describe('an upload', () => {
  it('says what it can do, without a log-in', async () => {
    const response = await fixture.fetch('/files', { method: 'OPTIONS', token: null });
    expect(response.status).toBe(204);
    expect(response.headers.get('tus-version')).toBe('1.0.0');
    expect(response.headers.get('tus-extension')).toBe(
      'creation,creation-with-upload,creation-defer-length,expiration,termination,checksum',
    );
    expect(response.headers.get('tus-checksum-algorithm')).toBe('sha1,sha256');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
  it('becomes a blob in two parts, with its digest in the last answer', async () => {
    const content = randomBytes(300_000);
    const url = await create({
      'upload-length': '300000',
      'upload-metadata': metadata({ filename: 'data.bin', sha256: sha256(content) }),
    });
    expect(url).toMatch(/^\/files\/[0-9a-f]{32}$/);
    const first = await patch(url, 0, content.subarray(0, 100_000));
    expect([first.status, first.headers.get('upload-offset'), first.headers.get('tus-resumable')]).toEqual([
      204,
      '100000',
      '1.0.0',
    ]);
    expect(Date.parse(first.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    expect(await offsetOf(url)).toBe('100000');
    const last = await patch(url, 100_000, content.subarray(100_000));
    expect([last.status, last.headers.get('baton-digest')]).toEqual([204, sha256(content)]);
    const view = await (await fixture.fetch(`/api/v1/uploads/${idOf(url)}`)).json();
    expect(view).toEqual({ id: idOf(url), offset: 300_000, length: 300_000, digest: sha256(content) });
    expect(await offsetOf(url)).toBe('300000');
    const digest = sha256(content);
    const blobs = await readdir(join(fixture.folder.path, 'blobs'), { recursive: true });
    const stored = blobs.find((name) => name.replaceAll('/', '').includes(digest)) ?? 'none';
    expect(sha256(await readFile(join(fixture.folder.path, 'blobs', stored)))).toBe(digest);
  });
  it('may come whole with its creation, or be empty', async () => {
    const content = randomBytes(1_000);
    const response = await fixture.fetch('/files', {
      method: 'POST',
      headers: { ...CHUNK, 'upload-length': '1000' },
      body: content,
    });
    expect([response.status, response.headers.get('upload-offset'), response.headers.get('baton-digest')]).toEqual([
      201,
      '1000',
      sha256(content),
    ]);
    const empty = await fixture.fetch('/files', { method: 'POST', headers: { ...TUS, 'upload-length': '0' } });
    expect(empty.headers.get('baton-digest')).toBe(sha256(Buffer.alloc(0)));
  });
  it('may tell its length later', async () => {
    const url = await create({ 'upload-defer-length': '1' });
    await patch(url, 0, Buffer.from('half'));
    const head = await fixture.fetch(url, { method: 'HEAD', headers: TUS });
    expect([
      head.headers.get('upload-defer-length'),
      head.headers.get('upload-offset'),
      head.headers.get('cache-control'),
    ]).toEqual(['1', '4', 'no-store']);
    const last = await patch(url, 4, Buffer.from('half'), { 'upload-length': '8' });
    expect(last.headers.get('baton-digest')).toBe(sha256(Buffer.from('halfhalf')));
  });
  it('works through a network that knows only GET and POST', async () => {
    const url = await create({ 'upload-length': '4' });
    const override = (method: string, headers: Record<string, string> = {}, body?: string) =>
      fixture.fetch(url, {
        method: 'POST',
        headers: { ...TUS, ...headers, 'x-http-method-override': method },
        ...(body ? { body } : {}),
      });
    expect((await override('PATCH', { ...CHUNK, 'upload-offset': '0' }, 'ab')).headers.get('upload-offset')).toBe('2');
    expect((await override('HEAD')).headers.get('upload-offset')).toBe('2');
    expect((await override('DELETE')).status).toBe(204);
    expect((await fixture.fetch(url, { method: 'HEAD', headers: TUS })).status).toBe(404);
  });
});

describe('a lie', () => {
  it('about the digest discards the upload', async () => {
    const url = await create({ 'upload-length': '4', 'upload-metadata': metadata({ sha256: 'a'.repeat(64) }) });
    const response = await patch(url, 0, Buffer.from('real'));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'digest_mismatch' });
    expect((await fixture.fetch(url, { method: 'HEAD', headers: TUS })).status).toBe(404);
    expect((await readdir(join(fixture.folder.path, 'uploads'))).filter((name) => name.startsWith(idOf(url)))).toEqual(
      [],
    );
  });
  it('about the length is refused, and leaves no more than was promised', async () => {
    const url = await create({ 'upload-length': '4' });
    expect((await patch(url, 0, Buffer.from('too long'))).status).toBe(413);
    const unsized = new ReadableStream({
      start: (c) => (c.enqueue(Buffer.alloc(3)), c.enqueue(Buffer.alloc(3)), c.close()),
    });
    const response = await fixture.fetch(url, {
      method: 'PATCH',
      headers: { ...CHUNK, 'upload-offset': '0' },
      body: unsized,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
    expect(Number(await offsetOf(url))).toBeLessThanOrEqual(4);
  });
  it('about a part is answered 460, and the offset stays', async () => {
    const url = await create({ 'upload-length': '8' });
    await patch(url, 0, Buffer.from('good'));
    const bad = await patch(url, 4, Buffer.from('evil'), {
      'upload-checksum': `sha256 ${sha256(Buffer.from('good'), 'base64')}`,
    });
    expect(bad.status).toBe(460);
    expect(await offsetOf(url)).toBe('4');
    const sha1 = createHash('sha1').update('good').digest('base64');
    const good = await patch(url, 4, Buffer.from('good'), { 'upload-checksum': `sha1 ${sha1}` });
    expect([good.status, good.headers.get('baton-digest')]).toEqual([204, sha256(Buffer.from('goodgood'))]);
  });
  it('about the algorithm, the offset, the version or the type is refused as the protocol says', async () => {
    const url = await create({ 'upload-length': '8' });
    expect((await patch(url, 0, Buffer.from('x'), { 'upload-checksum': 'md4 AAAA' })).status).toBe(400);
    expect((await patch(url, 3, Buffer.from('x'))).status).toBe(409);
    const version = await patch(url, 0, Buffer.from('x'), { 'tus-resumable': '0.9.0' });
    expect([version.status, version.headers.get('tus-version')]).toEqual([412, '1.0.0']);
    expect((await patch(url, 0, Buffer.from('x'), { 'content-type': 'application/octet-stream' })).status).toBe(415);
    expect((await fixture.fetch('/files', { method: 'POST', headers: TUS })).status).toBe(400);
    expect((await fixture.fetch('/files', { method: 'PUT', headers: TUS })).status).toBe(405);
    expect(await offsetOf(url)).toBe('0');
  });
});

describe('ownership', () => {
  it("hides somebody else's upload in every way", async () => {
    const url = await create({ 'upload-length': '4' });
    for (const [method, headers] of Object.entries({
      HEAD: TUS,
      PATCH: { ...CHUNK, 'upload-offset': '0' },
      DELETE: TUS,
    })) {
      const response = await fixture.fetch(url, {
        method,
        token: 'bob',
        headers,
        ...(method === 'PATCH' ? { body: 'evil' } : {}),
      });
      expect([method, response.status]).toEqual([method, 404]);
    }
    expect((await fixture.fetch(`/api/v1/uploads/${idOf(url)}`, { token: 'bob' })).status).toBe(404);
    expect((await fixture.fetch(url, { method: 'HEAD', token: null, headers: TUS })).status).toBe(401);
    expect((await fixture.fetch(url, { method: 'HEAD', token: 'job', headers: TUS })).status).toBe(403);
    expect(await offsetOf(url)).toBe('0');
  });
  it('takes no path for an id', async () => {
    for (const id of ['..%2f..%2fetc%2fpasswd', 'x', '%00', 'a'.repeat(64)]) {
      expect([404, 405]).toContain((await fixture.fetch(`/files/${id}`, { method: 'HEAD', headers: TUS })).status);
    }
  });
});

describe('a version', () => {
  const added = {
    id: 'dst_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    revision: 2,
    version: 1,
    manifest: { digest: 'a'.repeat(64), fileCount: 1, sizeBytes: 4 },
  };
  it('is made from finished uploads by their ids', async () => {
    const response = await fixture.fetch('/files', {
      method: 'POST',
      headers: { ...CHUNK, 'upload-length': '4', 'upload-metadata': metadata({ filename: '../../a b.csv' }) },
      body: 'data',
    });
    const uploadId = idOf(response.headers.get('location') ?? '');
    const seen: unknown[] = [];
    fixture.answer(datasetRpc.addVersion, ({ body }) => (seen.push(body), added));
    const made = await fixture.fetch(
      '/api/v1/datasets/digits/versions',
      json('POST', { uploads: [uploadId, { uploadId, path: 'x/y.csv' }], unpack: false }),
    );
    expect([made.status, made.headers.get('location')]).toEqual([
      201,
      `/api/v1/datasets/${added.id}/versions/1/manifest`,
    ]);
    const blob = { uploadId, digest: sha256(Buffer.from('data')), sizeBytes: 4, filename: 'a b.csv' };
    expect(seen).toEqual([{ id: 'digits', unpack: false, uploads: [blob, { ...blob, path: 'x/y.csv' }] }]);
  });
  it("is not made from unfinished, unknown or other people's uploads", async () => {
    const post = (uploadId: string, token = 'alice') =>
      fixture.fetch('/api/v1/datasets/d/versions', { ...json('POST', { uploads: [uploadId] }), token });
    const unfinished = idOf(await create({ 'upload-length': '4' }));
    expect((await post(unfinished)).status).toBe(409);
    const foreign = await post(unfinished, 'bob');
    expect([foreign.status, ((await foreign.json()) as { errors: unknown }).errors]).toEqual([
      404,
      [{ pointer: '/uploads/0', detail: 'is no upload of yours' }],
    ]);
    expect((await post('../../etc/passwd')).status).toBe(404);
  });
});

describe('a cut connection', () => {
  it('keeps what arrived; with a checksum, nothing of it', async () => {
    for (const [headers, kept] of [
      [{}, 60_000],
      [{ 'upload-checksum': `sha256 ${sha256(Buffer.alloc(1), 'base64')}` }, 0],
    ] as const) {
      const url = await create({ 'upload-length': '100000' });
      const all = {
        ...CHUNK,
        ...headers,
        authorization: 'Bearer alice',
        'upload-offset': '0',
        'content-length': '100000',
      };
      const request = httpRequest(`${fixture.gateway.url}${url}`, { method: 'PATCH', headers: all });
      request.on('error', () => {});
      request.write(Buffer.alloc(60_000));
      const file = join(fixture.folder.path, 'uploads', `${idOf(url)}.bin`);
      await expect.poll(async () => (await readFile(file)).length).toBe(60_000);
      request.destroy();
      await expect.poll(() => offsetOf(url)).toBe(String(kept));
    }
  });
});
