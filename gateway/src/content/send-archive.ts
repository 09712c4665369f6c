// All files of a manifest as one tar, packed while it is sent.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { packTar } from '@baton/archive';
import type { Gateway } from '../gateway.ts';
import { asAttachment, noBody } from './send-file.ts';

export interface ArchiveOf {
  /** Of the manifest. */
  readonly digest: string;
  /** Without `.tar`. */
  readonly name: string;
}

export async function sendArchive(
  request: FastifyRequest,
  reply: FastifyReply,
  gateway: Gateway,
  what: ArchiveOf,
): Promise<unknown> {
  const manifest = await gateway.manifests.read(what.digest);
  asAttachment(reply, `${what.name}.tar`);
  void reply.type('application/x-tar').header('etag', `"${what.digest}"`);
  return request.method === 'HEAD' ? noBody() : packTar(manifest, gateway.blobs);
}
