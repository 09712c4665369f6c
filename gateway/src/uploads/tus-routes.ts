// tus 1.0.0 at /files: @tus/server for the protocol, with what it leaves open closed in front of it.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Principal } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Server, type Upload } from '@tus/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { admit } from '../auth/access.ts';
import type { Gateway } from '../gateway.ts';
import type { AllowedMethods } from '../http/allowed-methods.ts';
import { CHECKSUM_ALGORITHMS, parseChecksum } from './checksum.ts';
import { TusRefusal } from './failure.ts';
import { TusDataStore, type TusRequest, tusRequest } from './tus-data-store.ts';

const VERSION = '1.0.0';
const CHUNK_TYPE = 'application/offset+octet-stream';
const METHODS = ['OPTIONS', 'POST', 'HEAD', 'PATCH', 'DELETE'] as const;
const DIGEST = /^[0-9a-f]{64}$/i;

export function tusRoutes(app: FastifyInstance, gateway: Gateway, allowed: AllowedMethods): void {
  const server = tusServer(gateway);
  app.removeAllContentTypeParsers();
  // The body stays a stream; its size is the upload's, not a JSON document's.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.addHook('onSend', async (request, reply) => {
    void reply.header('Tus-Resumable', VERSION);
    if (reply.statusCode === 412) void reply.header('Tus-Version', VERSION);
    if (request.method !== 'OPTIONS') void reply.header('cache-control', 'no-store');
  });
  for (const url of ['/files', '/files/:id']) {
    const methods = METHODS.filter((method) => method === 'OPTIONS' || (method === 'POST') === (url === '/files'));
    for (const method of methods) allowed.add(method, url);
    app.route({
      method: methods,
      url,
      schema: { hide: true },
      handler: (request, reply) => answer(server, gateway, request, reply),
    });
  }
}

function tusServer(gateway: Gateway): Server {
  const { uploads } = gateway;
  return new Server({
    path: '/files',
    relativeLocation: true,
    datastore: new TusDataStore(uploads),
    allowedOrigins: [],
    lockDrainTimeout: 1_000,
    namingFunction: () => randomBytes(16).toString('hex'),
    onUploadCreate: async (_request, upload) => checkMetadata(upload),
    onUploadFinish: async (_request, upload) => {
      const { owner } = tusRequest.getStore() ?? { owner: '' };
      const { digest } = await uploads.finish(upload.id, owner);
      return { headers: { 'Baton-Digest': digest } };
    },
    onResponseError: (_request, error) => {
      const request = tusRequest.getStore();
      if (request) request.failure = error;
      return undefined;
    },
  });
}

function checkMetadata(upload: Upload): { metadata?: Upload['metadata'] } {
  const declared = upload.metadata?.['sha256'];
  if (declared !== undefined && (declared === null || !DIGEST.test(declared))) {
    throw new PlatformError('invalid_input', 'The metadata sha256 is to be 64 hexadecimal characters.');
  }
  return {};
}

async function answer(
  server: Server,
  gateway: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const context = await contextOf(gateway, request);
  const response = await tusRequest.run(context, () => server.handleWeb(webRequest(request)));
  if (response.status >= 400) throw refusal(response.status, await response.text(), context.failure);
  for (const [name, value] of response.headers) {
    if (!name.startsWith('access-control-') && name !== 'content-length') void reply.header(name, value);
  }
  if (request.method === 'OPTIONS') void reply.header('Tus-Checksum-Algorithm', CHECKSUM_ALGORITHMS.join(','));
  const digest = await digestOf(gateway, context.owner, request, response.headers);
  if (digest !== null) void reply.header('Baton-Digest', digest);
  return reply.code(response.status).send(await response.text());
}

/** Of a complete upload; one that was complete when the process died is finished by being asked for. */
async function digestOf(
  gateway: Gateway,
  owner: string,
  request: FastifyRequest,
  told: Headers,
): Promise<string | null> {
  if (request.method !== 'HEAD' || told.get('upload-offset') !== told.get('upload-length')) return null;
  const { id } = request.params as { id: string };
  return (await gateway.uploads.finish(id, owner)).digest;
}

async function contextOf(gateway: Gateway, request: FastifyRequest): Promise<TusRequest> {
  // "The OPTIONS request MAY be used to gather information about the server's configuration": it needs no log-in.
  if (request.method === 'OPTIONS') return { owner: '', checksum: null };
  const principal: Principal = await admit('user', request, gateway);
  if (request.headers['tus-resumable'] !== VERSION) {
    throw new TusRefusal(
      412,
      new PlatformError('invalid_input', `Send "Tus-Resumable: ${VERSION}": this server speaks no other version.`),
    );
  }
  if (request.method === 'PATCH' && request.headers['content-type'] !== CHUNK_TYPE) {
    throw new PlatformError('unsupported_media_type', `Send the bytes of an upload as ${CHUNK_TYPE}.`);
  }
  return { owner: principal.userId, checksum: parseChecksum(single(request.headers['upload-checksum'])) };
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function webRequest(request: FastifyRequest): Request {
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const hasBody = request.method === 'POST' || request.method === 'PATCH';
  return new Request(`http://localhost${request.url}`, {
    method: request.method,
    headers,
    ...(hasBody ? { body: Readable.toWeb(request.raw) as ReadableStream, duplex: 'half' } : {}),
  });
}

/** What was thrown, if that is known; otherwise what @tus/server says, as a problem document with its status. */
function refusal(status: number, text: string, failure: unknown): unknown {
  if (failure instanceof TusRefusal || (failure instanceof Error && failure.name === 'PlatformError')) return failure;
  if (status >= 500 && status !== 501) return failure ?? new Error(text);
  const message = text.trim() === '' ? 'The request does not fit the tus protocol.' : `${text.trim()}.`;
  return protocolRefusals[status]?.(message) ?? new PlatformError('invalid_input', message);
}

const WRONG_OFFSET = 'Upload-Offset is not where the upload stands. Ask for the offset with HEAD and go on from there.';
const protocolRefusals: Readonly<Record<number, (message: string) => Error>> = {
  404: (message) => new PlatformError('not_found', message),
  409: () => new PlatformError('conflict', WRONG_OFFSET),
  410: () => new TusRefusal(410, new PlatformError('not_found', 'The upload has expired. Start a new one.')),
  413: () => new PlatformError('payload_too_large', 'More bytes were sent than the upload is long.'),
  501: (message) => new TusRefusal(501, new PlatformError('invalid_input', message)),
};
