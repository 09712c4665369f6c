// Uploads by tus through the real gateway: 1 GiB across two crashes, lies about length and digest, other people's and expired ones.
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inviteUser } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { type Answer, problem, sender, type Sent } from './rest.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const MAX_CONTROL_BYTES = 400 * MIB;
const HOUR_S = 3_600;

let platform: TestPlatform;
let admin: BatonClient;
let send: (path: string, sent?: Sent) => Promise<Answer>;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
  send = sender(admin);
});
afterAll(() => platform.cleanUp());

it(
  'finishes 1 GiB with the right SHA-256 although the gateway is killed twice in the middle',
  { timeout: 180_000 },
  async () => {
    const path = join(platform.files, 'large.bin');
    await writeLargeFile(path);
    const kills = [GIB / 4, (GIB * 5) / 8];
    const resumedAt: number[] = [];
    const peaks: number[] = [];
    let isCut = false;
    const { uploadId, sha256 } = await admin.upload(path, {
      // One request would hold all of it: each kill is in the middle of one.
      chunkBytes: GIB,
      onProgress: (sent) => {
        if (isCut && sent > 0) {
          resumedAt.push(sent);
          isCut = false;
        }
        if (sent < (kills[0] ?? Number.POSITIVE_INFINITY)) return;
        kills.shift();
        peaks.push(peakBytes(platform.parts()['control']));
        platform.killPart('control');
        isCut = true;
      },
    });
    peaks.push(peakBytes(platform.parts()['control']));
    expect(kills).toEqual([]);
    // It went on where the server was, not from the start; what was on its way is sent again.
    expect(resumedAt[0]).toBeGreaterThan(GIB / 8);
    expect(resumedAt[1]).toBeGreaterThan(GIB / 2);
    expect(Math.max(...peaks)).toBeLessThan(MAX_CONTROL_BYTES);

    const stored = await admin.http.json('GET', `/uploads/${uploadId}`);
    expect(stored).toEqual({ id: uploadId, offset: GIB, length: GIB, digest: sha256 });
    await admin.datasets.create({ name: 'large' });
    await admin.datasets.addVersion('large', { uploads: [uploadId] });
    for (const resumed of resumedAt) {
      const start = Math.floor(resumed / MIB) * MIB;
      const headers = { range: `bytes=${start}-${start + MIB - 1}` };
      const response = await admin.datasets.file('large', 1, 'large.bin', { headers });
      expect(Buffer.from(await response.arrayBuffer()).equals(await rangeOf(path, start))).toBe(true);
    }
    expect(peakBytes(platform.parts()['control'])).toBeLessThan(MAX_CONTROL_BYTES);
  },
);

/** 1 GiB in which no two MiB are the same. */
async function writeLargeFile(path: string): Promise<void> {
  const block = randomBytes(MIB);
  const file = await open(path, 'w');
  for (let index = 0; index < GIB / MIB; index += 1) {
    block.writeUInt32LE(index, 0);
    await file.write(block);
  }
  await file.close();
}

async function rangeOf(path: string, start: number): Promise<Buffer> {
  const file = await open(path, 'r');
  const { buffer } = await file.read(Buffer.alloc(MIB), 0, MIB, start);
  await file.close();
  return buffer;
}

/** The most memory that the process ever had resident. */
function peakBytes(pid: number | undefined): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1]) * 1_024;
}

const tus = (headers: Record<string, string> = {}) => ({ 'tus-resumable': '1.0.0', ...headers });
const chunk = (offset: number, headers: Record<string, string> = {}) =>
  tus({ 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset), ...headers });
const metadata = (pairs: Record<string, string>) =>
  Object.entries(pairs)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

/** Gives the upload's path, such as /files/0123. */
async function create(lengthBytes: number, pairs: Record<string, string> = {}): Promise<string> {
  const headers = tus({
    'upload-length': String(lengthBytes),
    'upload-metadata': metadata({ filename: 'a.bin', ...pairs }),
  });
  const answer = await send('/files', { method: 'POST', headers });
  expect(answer.status).toBe(201);
  return new URL(answer.headers.get('location') ?? '', platform.url).pathname;
}
const patch = (path: string, offset: number, body: string, headers: Record<string, string> = {}) =>
  send(path, { method: 'PATCH', headers: chunk(offset, headers), body });
const offsetOf = async (path: string) =>
  (await send(path, { method: 'HEAD', headers: tus() })).headers.get('upload-offset');
const idOf = (path: string) => path.split('/').at(-1) ?? '';

it('refuses more bytes than the upload was declared to have, and keeps what was there', async () => {
  const path = await create(10);
  expect((await patch(path, 0, '12345')).status).toBe(204);
  const answer = await patch(path, 5, '678901');
  expect([400, 413]).toContain(answer.status);
  expect(answer.json).toMatchObject({ code: expect.stringMatching(/payload_too_large|invalid_input/) });
  expect(await offsetOf(path)).toBe('5');
  expect((await patch(path, 5, '67890')).status).toBe(204);
  expect(await admin.http.json('GET', `/uploads/${idOf(path)}`)).toMatchObject({
    digest: createHash('sha256').update('1234567890').digest('hex'),
  });
});

it('makes no version from an upload of which bytes are missing', async () => {
  await admin.datasets.create({ name: 'missing-bytes' });
  const path = await create(10);
  await patch(path, 0, '12345');
  const answer = await send('/api/v1/datasets/missing-bytes/versions', { body: { uploads: [idOf(path)] } });
  expect(answer).toMatchObject(problem(409, 'conflict', { detail: expect.stringContaining('5 of 10 bytes') }));
  expect((await admin.datasets.get('missing-bytes')).versions).toEqual([]);
});

it('refuses content that is not what its declared SHA-256 says, and discards it', async () => {
  const path = await create(5, { sha256: 'a'.repeat(64) });
  expect(await patch(path, 0, '12345')).toMatchObject(problem(422, 'digest_mismatch'));
  expect(await send(path, { method: 'HEAD', headers: tus() })).toMatchObject({ status: 404 });
});

it('refuses bytes that do not match their checksum, and leaves the offset where it was', async () => {
  const path = await create(10);
  await patch(path, 0, '12345');
  const wrong = `sha1 ${createHash('sha1').update('other').digest('base64')}`;
  expect(await patch(path, 5, '67890', { 'upload-checksum': wrong })).toMatchObject({ status: 460 });
  expect(await offsetOf(path)).toBe('5');
  const right = `sha1 ${createHash('sha1').update('67890').digest('base64')}`;
  expect((await patch(path, 5, '67890', { 'upload-checksum': right })).status).toBe(204);
});

it('refuses bytes at another offset than where the upload stands', async () => {
  const path = await create(10);
  await patch(path, 0, '12345');
  expect(await patch(path, 3, '45678')).toMatchObject(problem(409, 'conflict'));
  expect(await offsetOf(path)).toBe('5');
});

it("hides somebody else's upload as if it were not there", async () => {
  const other = sender(await inviteUser(admin, 'upload-stranger'));
  const path = await create(10);
  await patch(path, 0, '12345');
  expect((await other(path, { method: 'HEAD', headers: tus() })).status).toBe(404);
  expect(await other(path, { method: 'PATCH', headers: chunk(5), body: '67890' })).toMatchObject(
    problem(404, 'not_found'),
  );
  expect(await other(path, { method: 'DELETE', headers: tus() })).toMatchObject(problem(404, 'not_found'));
  expect(await other(`/api/v1/uploads/${idOf(path)}`)).toMatchObject(problem(404, 'not_found'));
  expect(await offsetOf(path)).toBe('5');
});

it('knows nothing of an upload that has expired', async () => {
  const path = await create(10);
  await patch(path, 0, '12345');
  // Nobody has written to it for two days.
  const longAgo = Date.now() / 1_000 - 48 * HOUR_S;
  const folder = join(platform.home, 'uploads');
  const own = readdirSync(folder).filter((name) => name.startsWith(idOf(path)));
  expect(own.length).toBeGreaterThan(0);
  for (const name of own) utimesSync(join(folder, name), longAgo, longAgo);
  const answer = await patch(path, 5, '67890');
  // tus: 404 or 410.
  expect([404, 410]).toContain(answer.status);
  expect(answer.json).toMatchObject({ code: 'not_found' });
});

it('takes a file sent without PATCH, by POST with the method overridden', async () => {
  const content = randomBytes(300_000);
  const url = await new Promise<string>((resolve, reject) => {
    const upload = new Upload(content, {
      endpoint: `${platform.url}/files`,
      overridePatchMethod: true,
      chunkSize: 64 * 1_024,
      retryDelays: null,
      metadata: { filename: 'small.bin' },
      headers: { authorization: `Bearer ${admin.http.token}` },
      onSuccess: () => resolve(upload.url ?? ''),
      onError: reject,
    });
    upload.start();
  });
  const stored = await admin.http.json('GET', `/uploads/${idOf(url)}`);
  expect(stored).toMatchObject({ digest: createHash('sha256').update(content).digest('hex') });
});
