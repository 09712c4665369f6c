// What jobs leave behind, over HTTP: of any attempt, listed with what it is, whole, in ranges, and as archives.
import { join } from 'node:path';
import { ingest, storeManifest } from '@baton/archive';
import { type BlobStore, openFileBlobStore } from '@baton/blob-store';
import { type AttemptView, type JobView, type ManifestFile, schedulerRpc, userRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, BOB, type GatewayFixture, JOB, startFixture } from '../../testing/fixture.ts';
import { runningJob } from '../../testing/job-output.ts';

let fixture: GatewayFixture;
let blobs: BlobStore;
let job: JobView;
const HDF5 = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

beforeAll(async () => {
  fixture = await startFixture();
  blobs = await openFileBlobStore({ folder: join(fixture.folder.path, 'blobs') });
});
afterAll(() => fixture.stop());

async function stored(files: Record<string, Uint8Array | string>) {
  const entries = Object.entries(files).map(async ([path, content]): Promise<ManifestFile> => {
    const { digest, sizeBytes } = await blobs.put(Buffer.from(content));
    return { path, digest, sizeBytes, ...(path.endsWith('.sh') ? { executable: true } : {}) };
  });
  return storeManifest(blobs, await Promise.all(entries));
}

const FILES = {
  'log.txt': 'hello',
  'out/model.keras': HDF5,
  'out/only-named.onnx': 'text',
  'plot 표.png': 'p'.repeat(300_000),
  'run.sh': '#!/bin/sh',
};
const FAILED = {
  reason: 'exited',
  exitCode: 1,
  signal: null,
  message: 'Exited with code 1.',
  lastLines: [],
  finalMetrics: {},
  startedAt: 1,
  endedAt: 9,
} as const;

beforeEach(async () => {
  const [first] = runningJob(JOB).attempts as [AttemptView];
  const one = await stored(FILES);
  const half = await stored({ 'epoch-3': 'three' });
  const failed = { ...FAILED, lastLines: [], artifacts: one.summary };
  job = {
    ...runningJob(JOB),
    attempts: [
      { ...first, endedAt: 9, result: failed, checkpoints: { ...half.summary, at: 5 } },
      { ...first, attempt: 2, endedAt: 20, result: { ...failed, artifacts: null } },
      { ...first, attempt: 3 },
    ],
  };
  fixture.answer(schedulerRpc.getJob, ({ principal, body }) => {
    if (principal.userId === BOB || body.id !== JOB) throw new PlatformError('not_found', 'There is no such job.');
    return job;
  });
  fixture.answer(userRpc.getUser, ({ principal, body }) => {
    if (body.id !== principal.userId) throw new PlatformError('not_found', 'There is no such user.');
    const stamps = { revision: 1, createdAt: 1, updatedAt: 1 };
    return {
      id: body.id,
      ...stamps,
      email: 'a@example.com',
      name: 'Alice A',
      role: 'user' as const,
      disabled: false,
      erased: false,
    };
  });
});
const get = (path: string, init: Parameters<GatewayFixture['fetch']>[1] = {}) =>
  fixture.fetch(`/api/v1/jobs/${JOB}${path}`, init);

describe('the list', () => {
  it('says of each file what it is; weights are known by name and content', async () => {
    const list = (await (await get('/artifacts')).json()) as { attempt: number; files: Record<string, unknown>[] };
    expect(list).toMatchObject({ attempt: 1, at: 9, manifest: { fileCount: 5 } });
    const rows = list.files.map(({ path, kind, format, mediaType }) => [path, kind, format, mediaType]);
    expect(rows).toEqual([
      ['log.txt', 'file', undefined, 'text/plain'],
      ['out/model.keras', 'weights', 'keras', 'application/octet-stream'],
      ['out/only-named.onnx', 'file', undefined, 'application/octet-stream'],
      ['plot 표.png', 'file', undefined, 'image/png'],
      ['run.sh', 'file', undefined, 'application/octet-stream'],
    ]);
    expect(list.files[0]).toMatchObject({ sizeBytes: 5, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('is of the attempt asked for, of a failed one too, and says which has none', async () => {
    expect(await (await get('/artifacts?attempt=1')).json()).toMatchObject({ attempt: 1 });
    const none = await get('/artifacts?attempt=2');
    expect([none.status, ((await none.json()) as { detail: string }).detail]).toEqual([
      404,
      'The job j has no artifacts of attempt 2 yet. They come when an attempt has ended.',
    ]);
    expect((await get('/artifacts?attempt=0')).status).toBe(400);
    expect(await (await get('/checkpoints')).json()).toMatchObject({
      attempt: 1,
      at: 5,
      files: [{ path: 'epoch-3', sizeBytes: 5 }],
    });
    expect((await get('/checkpoints?attempt=3')).status).toBe(404);
  });

  it('is shown to those who may read the job, and to the job itself', async () => {
    for (const path of ['/artifacts', '/artifacts/archive', '/checkpoints', '/checkpoints/files/epoch-3']) {
      expect((await get(path, { token: 'bob' })).status).toBe(404);
      expect((await get(path, { token: 'job' })).status).toBe(200);
    }
  });
});

describe('one file', () => {
  const FILE = `/artifacts/files/${encodeURIComponent('plot 표.png')}`;
  it('comes whole, in ranges, and on from where it broke off', async () => {
    const whole = await get(FILE);
    const etag = whole.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    expect(whole.headers.get('content-disposition')).toContain("filename*=UTF-8''plot%20%ED%91%9C.png");
    expect((await whole.arrayBuffer()).byteLength).toBe(300_000);
    const rest = await get(FILE, { headers: { range: 'bytes=299990-', 'if-range': etag } });
    expect([rest.status, rest.headers.get('content-range'), await rest.text()]).toEqual([
      206,
      'bytes 299990-299999/300000',
      'p'.repeat(10),
    ]);
    const past = await get(FILE, { headers: { range: 'bytes=300000-' } });
    expect([past.status, past.headers.get('content-range')]).toEqual([416, 'bytes */300000']);
  });
  it('of the checkpoints as well', async () => {
    expect(await (await get('/checkpoints/files/epoch-3')).text()).toBe('three');
    expect((await get('/checkpoints/files/epoch-4')).status).toBe(404);
  });
});

describe('an archive', () => {
  it.each([
    ['', 'tar', 'application/x-tar'],
    ['?format=tar&attempt=1', 'tar', 'application/x-tar'],
    ['?format=tar.gz', 'tar.gz', 'application/gzip'],
    ['?format=zip', 'zip', 'application/zip'],
  ])('%s holds exactly the files of the list', async (query, ending, type) => {
    const response = await get(`/artifacts/archive${query}`);
    const header = (name: string) => response.headers.get(name);
    expect([response.status, header('content-type')]).toEqual([200, type]);
    expect(header('content-disposition')).toContain(`filename="j-1.${ending}"`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(header('content-length')).toBe(ending === 'zip' ? String(bytes.length) : null);
    const { digest, sizeBytes } = await blobs.put(bytes);
    const uploads = [{ digest, sizeBytes, filename: `a.${ending}` }];
    const { manifest } = await ingest({ blobs, uploads, unpack: true });
    expect(manifest).toEqual((await stored(FILES)).manifest);
  });

  it('breaks off, and does not end as if it were whole, when a blob is gone', async () => {
    const missing = { path: 'b', digest: '0'.repeat(64), sizeBytes: 5 };
    const { digest, sizeBytes } = await blobs.put(Buffer.from('here'));
    const { summary } = await storeManifest(blobs, [{ path: 'a', digest, sizeBytes }, missing]);
    const [first] = job.attempts as [AttemptView];
    job = { ...job, attempts: [{ ...first, result: { ...FAILED, lastLines: [], artifacts: summary } }] };
    for (const format of ['tar', 'tar.gz', 'zip']) {
      const broken = get(`/artifacts/archive?format=${format}`).then((response) => response.arrayBuffer());
      await expect(broken).rejects.toThrow('terminated');
    }
  });

  it('of an unknown format is refused', async () => {
    expect((await get('/artifacts/archive?format=rar')).status).toBe(400);
  });
});

describe('who cancelled a job', () => {
  it('is named to those who may see them, and has an id for the others', async () => {
    const shown = async (by: string) => {
      job = { ...job, cancellation: { by, reason: 'too slow', at: 7 } };
      return ((await (await get('')).json()) as JobView).cancellation;
    };
    expect(await shown(ALICE)).toEqual({ by: ALICE, byName: 'Alice A', reason: 'too slow', at: 7 });
    expect(await shown(BOB)).toEqual({ by: BOB, reason: 'too slow', at: 7 });
  });
});
