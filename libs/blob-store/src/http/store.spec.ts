// The blob store over HTTP: the port's contract, and what a network can do to it.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { openMemoryBlobStore } from '../memory-store.ts';
import type { BlobStore } from '../port.ts';
import { type BlobServer, startBlobServer, TOKEN } from '../testing/blob-server.ts';
import { describeBlobStore, digestOf } from '../testing/contract.ts';
import { openHttpBlobStore } from './store.ts';

const servers: BlobServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

async function start(store: BlobStore): Promise<BlobServer> {
  const server = await startBlobServer(store);
  servers.push(server);
  return server;
}

describeBlobStore('HTTP', async () => {
  const { url } = await start(openMemoryBlobStore());
  return openHttpBlobStore({ url: `${url}/`, token: TOKEN });
});

describe('over a network', () => {
  const content = Buffer.alloc(200_000, 'content');
  const digest = digestOf(content);

  async function started() {
    const origin = openMemoryBlobStore();
    await origin.put(content);
    const server = await start(origin);
    return { origin, server, store: openHttpBlobStore({ url: server.url, token: TOKEN }) };
  }

  it('never gives bytes as a blob that they are not', async () => {
    const { server, store } = await started();
    server.spoil();
    await expect(store.read(digest)).rejects.toMatchObject({ code: 'digest_mismatch' });
    const folder = mkdtempSync(join(tmpdir(), 'blob-http-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await expect(store.copyTo(digest, join(folder, 'copy'), 0o600)).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(existsSync(join(folder, 'copy'))).toBe(false);
  });

  it('says unavailable when the connection ends in the middle', async () => {
    const { server, store } = await started();
    server.cut();
    await expect(store.read(digest)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(buffer(await store.open(digest, { start: 0, end: 99_999 }))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('says unavailable when nobody is there', async () => {
    const { server, store } = await started();
    await server.close();
    await expect(store.read(digest)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.put(content)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('passes a refusal on, also one that comes while much is still being sent', async () => {
    const { server } = await started();
    const stranger = openHttpBlobStore({ url: server.url, token: 'a stranger' });
    await expect(stranger.stat(digest)).rejects.toMatchObject({ code: 'unauthenticated' });
    async function* much(): AsyncGenerator<Uint8Array> {
      for (let sent = 0; sent < 64; sent += 1) yield Buffer.alloc(2 ** 20);
    }
    const failure = stranger.put(much());
    await expect(failure).rejects.toMatchObject({
      code: expect.stringMatching(/unauthenticated|unavailable/) as unknown,
    });
  });

  it('does not send what is there already', async () => {
    const { origin, store } = await started();
    origin.put = () => Promise.reject(new Error('it was sent'));
    expect(await store.put(content)).toEqual({ digest, sizeBytes: content.length });
    const folder = mkdtempSync(join(tmpdir(), 'blob-http-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'file'), content);
    expect(await store.adopt(join(folder, 'file'), digest)).toEqual({ digest, sizeBytes: content.length });
    expect(existsSync(join(folder, 'file'))).toBe(false);
  });
});
