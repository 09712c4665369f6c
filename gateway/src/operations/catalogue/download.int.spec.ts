// Downloads of a version's files: whole, in ranges, as an archive; and no path leads out.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openFileBlobStore } from '@baton/blob-store';
import { datasetRpc, modelRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GatewayFixture, startFixture } from '../../testing/fixture.ts';

let fixture: GatewayFixture;
const CSV = 'a,b\n1,2\n3,4\n';
const digest = createHash('sha256').update(CSV).digest('hex');
const BASE = '/api/v1/datasets/digits/versions/latest';

beforeAll(async () => {
  fixture = await startFixture();
  const blobs = await openFileBlobStore({ folder: join(fixture.folder.path, 'blobs') });
  await blobs.put(Buffer.from(CSV));
  const empty = await blobs.put(Buffer.alloc(0));
  const files = [
    { path: 'data/ta"ble 표.csv', digest, sizeBytes: CSV.length },
    { path: 'empty', digest: empty.digest, sizeBytes: 0 },
  ];
  const manifest = await blobs.put(Buffer.from(JSON.stringify({ files })));
  fixture.answer(datasetRpc.resolve, ({ body }) => {
    if (body.ref !== 'digits') throw new PlatformError('not_found', `There is no dataset ${body.ref}.`);
    return {
      datasetId: 'dst_aaaaaaaaaaaaaaaaaaaaaaaaaa',
      datasetName: 'digits',
      version: 3,
      digest: manifest.digest,
      sizeBytes: CSV.length,
    };
  });
});
afterAll(() => fixture.stop());

const FILE = `${BASE}/files/data/${encodeURIComponent('ta"ble 표.csv')}`;

it('lists the files', async () => {
  const { files } = (await (await fixture.fetch(`${BASE}/manifest`)).json()) as { files: { path: string }[] };
  expect(files.map(({ path }) => path)).toEqual(['data/ta"ble 표.csv', 'empty']);
});

it('gives a file as an attachment that no browser runs, tagged by its digest', async () => {
  const response = await fixture.fetch(FILE);
  expect(await response.text()).toBe(CSV);
  const header = (name: string) => response.headers.get(name);
  expect([header('etag'), header('content-type'), header('x-content-type-options'), header('content-length')]).toEqual([
    `"${digest}"`,
    'application/octet-stream',
    'nosniff',
    '12',
  ]);
  expect(header('content-disposition')).toBe(
    `attachment; filename="ta_ble__.csv"; filename*=UTF-8''ta%22ble%20%ED%91%9C.csv`,
  );
  expect((await fixture.fetch(FILE, { headers: { 'if-none-match': `"${digest}"` } })).status).toBe(304);
  const head = await fixture.fetch(FILE, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '12', '']);
  expect(await (await fixture.fetch(`${BASE}/files/empty`)).text()).toBe('');
});

it.each([
  ['bytes=0-2', 206, 'a,b', 'bytes 0-2/12'],
  ['bytes=8-', 206, '3,4\n', 'bytes 8-11/12'],
  ['bytes=-4', 206, '3,4\n', 'bytes 8-11/12'],
  ['bytes=4-999', 206, '1,2\n3,4\n', 'bytes 4-11/12'],
  ['bytes=0-1,4-5', 200, CSV, null],
  ['lines=1-2', 200, CSV, null],
])('answers the range %s with %d', async (range, status, text, contentRange) => {
  const response = await fixture.fetch(FILE, { headers: { range } });
  expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
    status,
    text,
    contentRange,
  ]);
});

it('refuses a range past the end, and ignores one of another content', async () => {
  const past = await fixture.fetch(FILE, { headers: { range: 'bytes=12-' } });
  expect([past.status, past.headers.get('content-range'), past.headers.get('content-type')]).toEqual([
    416,
    'bytes */12',
    'application/problem+json',
  ]);
  expect((await fixture.fetch(FILE, { headers: { range: 'bytes=0-2', 'if-range': '"other"' } })).status).toBe(200);
});

it('packs all of it as a tar', async () => {
  const response = await fixture.fetch(`${BASE}/archive`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-tar']);
  expect(response.headers.get('content-disposition')).toContain('filename="digits-3.tar"');
  expect(Buffer.from(await response.arrayBuffer()).includes(CSV)).toBe(true);
});

/** fetch would tidy the path up before it is sent. */
function rawStatus(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(fixture.gateway.url);
    httpRequest({ hostname, port, path, headers: { authorization: 'Bearer alice' } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

it.each([
  '../../../../etc/passwd',
  '..%2f..%2f..%2fetc%2fpasswd',
  '%2e%2e/%2e%2e/etc/passwd',
  '/etc/passwd',
  'data',
  'data/',
  'empty%00',
  '%',
  'data%5c..%5cempty',
  digest,
])('finds nothing at the hostile path %s', async (path) => {
  const status = await rawStatus(`${BASE}/files/${path}`);
  expect([400, 404]).toContain(status);
});

it('says that the version, the thing or the kind is wrong', async () => {
  expect((await fixture.fetch('/api/v1/datasets/other/versions/1/manifest')).status).toBe(404);
  expect((await fixture.fetch('/api/v1/datasets/digits/versions/zero/manifest')).status).toBe(400);
  fixture.answer(modelRpc.resolve, () => {
    throw new PlatformError('not_found', 'There is no model digits.');
  });
  expect((await fixture.fetch('/api/v1/models/digits/versions/1/manifest')).status).toBe(404);
});
