// One file of a manifest as a download: never rendered by a browser, resumable by ranges, cached for good by its digest.
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type { BlobStore } from '@baton/blob-store';
import type { ManifestFile } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { matchesTag } from '../http/conditions.ts';
import { parseRange } from './range.ts';

export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  blobs: BlobStore,
  file: ManifestFile,
): Promise<unknown> {
  const tag = `"${file.digest}"`;
  void reply.header('etag', tag).header('accept-ranges', 'bytes').header('cache-control', 'private, no-cache');
  if (matchesTag(request.headers['if-none-match'], tag)) return reply.code(304).send();
  const ifRange = request.headers['if-range'];
  const range = ifRange === undefined || ifRange === tag ? parseRange(request.headers.range, file.sizeBytes) : null;
  if (range === 'unsatisfiable') {
    void reply.header('content-range', `bytes */${file.sizeBytes}`);
    throw new PlatformError('range_not_satisfiable', `The file has ${file.sizeBytes} bytes.`);
  }
  asAttachment(reply, posix.basename(file.path));
  void reply.type('application/octet-stream');
  if (range) {
    void reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.sizeBytes}`);
    void reply.header('content-length', range.end - range.start + 1);
    return request.method === 'HEAD' ? noBody() : blobs.open(file.digest, range);
  }
  void reply.header('content-length', file.sizeBytes);
  return request.method === 'HEAD' ? noBody() : blobs.open(file.digest);
}

/** For HEAD, which fastify answers by reading a stream to its end: this one is at it. Its length is told by the headers. */
export function noBody(): Readable {
  return Readable.from([]);
}

/** Somebody's upload must not run as a page of this site. */
export function asAttachment(reply: FastifyReply, filename: string): void {
  const ascii = filename.replaceAll(/[^\w.-]/g, '_');
  const encoded = encodeURIComponent(filename).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  void reply.header('content-disposition', `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`);
}
