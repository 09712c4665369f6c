// Downloads that break off: against a server that cuts connections where it is told to.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Http } from '@baton/sdk';
import { temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveFormat, fetchArchive } from './fetch-archive.ts';
import { fetchFile, type OpenFile } from './fetch-file.ts';

const CONTENT = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251));
const DIGEST = createHash('sha256').update(CONTENT).digest('hex');
const file = { path: 'sub/model.onnx', digest: DIGEST, sizeBytes: CONTENT.length };

let server: Server;
let folder: TemporaryFolder;
let ranges: (string | undefined)[];
/** How much each answer gives before it is cut; afterwards whole ones. */
let cuts: number[];
/** Nothing comes after that, in place of the cut, with which a part of what was sent last may be lost. */
let isStalling: boolean;
let serve: { content: Buffer; takesRanges: boolean; status?: number };
let open: OpenFile;

beforeEach(async () => {
  folder = await temporaryFolder('baton-fetch-');
  ranges = [];
  cuts = [];
  isStalling = false;
  serve = { content: CONTENT, takesRanges: true };
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const { content, takesRanges, status } = serve;
    if (status !== undefined) return void response.writeHead(status).end('{}');
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const from = takesRanges && request.headers['if-range'] === `"${DIGEST}"` ? Number(asked?.[1] ?? 0) : 0;
    const rest = content.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length });
    const cut = cuts.shift();
    if (cut === undefined) response.end(rest);
    else response.write(rest.subarray(0, cut), () => (isStalling ? undefined : response.destroy()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const http = new Http({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, retryForMs: 0 });
  open = (path, options) => http.raw('GET', `/files/${path}`, options);
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await folder.cleanup();
});

async function get(more: { signal?: AbortSignal } = {}) {
  let advanced = 0;
  const target = join(folder.path, 'out', 'model.onnx');
  const advance = (bytes: number) => void (advanced += bytes);
  await fetchFile({ file, target, open, advance, signal: new AbortController().signal, ...more });
  return { content: await readFile(target), advanced, left: await readdir(join(folder.path, 'out')) };
}
const whole = { content: CONTENT, advanced: CONTENT.length, left: ['model.onnx'] };

describe('a download', () => {
  it('that is cut goes on where it broke off, again and again', async () => {
    cuts = [200_000, 300_000];
    expect(await get()).toEqual(whole);
    expect(ranges[0]).toBeUndefined();
    const froms = ranges.slice(1).map((range) => Number(/\d+/.exec(range ?? '')?.[0]));
    // What was sent just before a cut may be lost with it.
    const [first = 0, second = 0] = froms;
    expect(froms).toHaveLength(2);
    expect(first).toBeLessThanOrEqual(200_000);
    expect(second).toBeGreaterThan(first);
    expect(second).toBeLessThanOrEqual(first + 300_000);
  });

  it('goes on in a later run, and asks for nothing if everything is there', async () => {
    const interrupted = new AbortController();
    cuts = [400_000];
    isStalling = true;
    const broken = get({ signal: interrupted.signal });
    await expect.poll(() => ranges.length).toBe(1);
    const part = join(folder.path, 'out', `model.onnx.part-${DIGEST.slice(0, 16)}`);
    await expect.poll(async () => (await stat(part)).size).toBe(400_000);
    interrupted.abort(new Error('interrupted'));
    await expect(broken).rejects.toBeInstanceOf(Error);
    ranges = [];
    expect(await get()).toEqual(whole);
    expect(ranges).toEqual(['bytes=400000-']);
    await writeFile(part, CONTENT);
    ranges = [];
    expect(await get()).toEqual(whole);
    expect(ranges).toEqual([]);
  });

  it('begins anew where the platform gives it from the start, or more is there than there can be', async () => {
    cuts = [400_000];
    serve = { content: CONTENT, takesRanges: false };
    expect(await get()).toEqual(whole);
    await writeFile(join(folder.path, 'out', `model.onnx.part-${DIGEST.slice(0, 16)}`), Buffer.alloc(1_000_001));
    expect(await get()).toEqual(whole);
  });

  it('of other bytes than its SHA-256 says is an error, and nothing of it stays', async () => {
    serve = { content: Buffer.alloc(CONTENT.length), takesRanges: true };
    await expect(get()).rejects.toThrow('other bytes than its SHA-256');
    expect(await readdir(join(folder.path, 'out'))).toEqual([]);
  });

  it('that is refused is not asked for again', async () => {
    serve = { content: CONTENT, takesRanges: true, status: 404 };
    await expect(get()).rejects.toMatchObject({ status: 404 });
    expect(ranges).toHaveLength(1);
  });

  it('that never gets anywhere is given up', { timeout: 60_000 }, async () => {
    cuts = Array.from({ length: 20 }, () => 0);
    await expect(get()).rejects.toBeInstanceOf(Error);
    expect(ranges.length).toBeLessThan(10);
  });
});

describe('an archive', () => {
  const fetchIt = async (target: string) => {
    const response = await open('archive', {});
    return fetchArchive({ response, target, expectedBytes: 1, signal: new AbortController().signal });
  };
  it('is there whole, or not at all', async () => {
    const target = join(folder.path, 'a.zip');
    cuts = [300_000];
    await expect(fetchIt(target)).rejects.toBeInstanceOf(Error);
    expect(await readdir(folder.path)).toEqual([]);
    expect(await fetchIt(target)).toBe(CONTENT.length);
    expect(await readFile(target)).toEqual(CONTENT);
  });
  it('has the format that its name says', () => {
    expect(['a.tar', 'A.TAR.GZ', 'a.tgz', 'b/a.zip'].map(archiveFormat)).toEqual(['tar', 'tar.gz', 'tar.gz', 'zip']);
    expect(() => archiveFormat('a.rar')).toThrow('says no format');
  });
});
