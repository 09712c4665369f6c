// What the gateway offers agents, over any store: for the contract suite of the store that speaks to it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hasCode } from '@baton/errors';
import type { BlobStore, ByteRange } from '../port.ts';

export const TOKEN = 'an agent of this test';

export interface BlobServer {
  readonly url: string;
  /** Spoils every byte that it sends from now on. */
  spoil(): void;
  /** Closes the connection in the middle of every answer from now on. */
  cut(): void;
  close(): Promise<void>;
}

export async function startBlobServer(store: BlobStore): Promise<BlobServer> {
  const trouble = { spoils: false, cuts: false };
  const server = createServer((request, response) => {
    answer(store, trouble, request, response).catch((error: unknown) => refuse(response, error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spoil: () => (trouble.spoils = true),
    cut: () => (trouble.cuts = true),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Trouble {
  readonly spoils: boolean;
  readonly cuts: boolean;
}

async function answer(store: BlobStore, trouble: Trouble, request: IncomingMessage, response: ServerResponse) {
  const digest = /^\/api\/v1\/blobs(?:\/([^/]+))?$/.exec(request.url ?? '')?.[1];
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end();
  if (request.method === 'POST') return sendJson(response, await store.put(request));
  if (digest === undefined) return void response.writeHead(404).end();
  if (request.method === 'PUT') return sendJson(response, await store.put(request, { digest }));
  return sendBlob(store, trouble, digest, { request, response });
}

async function sendBlob(
  store: BlobStore,
  { spoils, cuts }: Trouble,
  digest: string,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const blob = await store.stat(digest);
  if (!blob) return void response.writeHead(404).end();
  const range = rangeOf(request.headers.range);
  const content = range === undefined ? await store.open(digest) : await store.open(digest, range);
  if (range === undefined) response.setHeader('content-length', blob.sizeBytes);
  response.writeHead(range === undefined ? 200 : 206);
  if (request.method === 'HEAD') return void response.end();
  for await (const chunk of content as AsyncIterable<Buffer>) {
    response.write(spoils ? chunk.map((byte) => byte ^ 1) : cuts ? chunk.subarray(0, 1) : chunk);
    if (cuts) return void setImmediate(() => response.destroy());
  }
  response.end();
}

function rangeOf(header: string | undefined): ByteRange | undefined {
  const match = /^bytes=(\d+)-(\d+)$/.exec(header ?? '');
  return match ? { start: Number(match[1]), end: Number(match[2]) } : undefined;
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

const STATUS = { digest_mismatch: 422, range_not_satisfiable: 416, not_found: 404, storage_full: 507 } as const;

function refuse(response: ServerResponse, error: unknown): void {
  const known = Object.entries(STATUS).find(([code]) => hasCode(error, code as keyof typeof STATUS));
  response.writeHead(known?.[1] ?? 500).end(JSON.stringify({ detail: String(error) }));
}
