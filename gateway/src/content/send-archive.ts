// All files of a manifest as one archive, packed while it is sent.
import { packTar, packZip } from '@baton/archive';
import type { BlobStore } from '@baton/blob-store';
import { type Manifest, strict } from '@baton/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import type { Gateway } from '../gateway.ts';
import { asAttachment, noBody } from './send-file.ts';

const ArchiveFormat = Type.Union([Type.Literal('tar'), Type.Literal('tar.gz'), Type.Literal('zip')]);
type ArchiveFormat = Type.Static<typeof ArchiveFormat>;
export const ArchiveQuery = strict({ format: Type.Optional(ArchiveFormat) });

const MEDIA_TYPES: Readonly<Record<ArchiveFormat, string>> = {
  tar: 'application/x-tar',
  'tar.gz': 'application/gzip',
  zip: 'application/zip',
};

export interface ArchiveOf {
  /** Of the manifest. */
  readonly digest: string;
  /** Without its ending. */
  readonly name: string;
  /** `tar` if absent. */
  readonly format?: ArchiveFormat | undefined;
}

export async function sendArchive(
  request: FastifyRequest,
  reply: FastifyReply,
  gateway: Gateway,
  { digest, name, format = 'tar' }: ArchiveOf,
): Promise<unknown> {
  const manifest = await gateway.manifests.read(digest);
  asAttachment(reply, `${name}.${format}`);
  void reply.type(MEDIA_TYPES[format]).header('etag', `"${digest}.${format}"`);
  if (request.method === 'HEAD') return noBody();
  const { stream, sizeBytes } = pack(manifest, gateway.blobs, format);
  if (sizeBytes !== null) void reply.header('content-length', sizeBytes);
  return stream;
}

function pack(
  manifest: Manifest,
  blobs: BlobStore,
  format: ArchiveFormat,
): { readonly stream: Readable; readonly sizeBytes: number | null } {
  if (format === 'zip') return packZip(manifest, blobs);
  return { stream: packTar(manifest, blobs, { gzip: format === 'tar.gz' }), sizeBytes: null };
}
