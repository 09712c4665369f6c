// PUT /blobs/:digest.
import type { Readable } from 'node:stream';
import { Bytes, Digest, strict } from '@baton/contracts';
import { operation } from '../operation.ts';
import { BlobPath } from './get-blob.ts';

export const StoredBlob = strict({ digest: Digest, sizeBytes: Bytes });

export const putBlob = operation({
  method: 'PUT',
  url: '/blobs/:digest',
  summary: 'Store content under its SHA-256, which is checked, from an agent on another server',
  access: 'agent',
  consumes: 'application/octet-stream',
  schema: { params: BlobPath, response: StoredBlob },
  handler: ({ params: { digest }, gateway, request }) => gateway.blobs.put(bodyOf(request.body), { digest }),
});

/** A request without a body has none to stream. */
export function bodyOf(body: unknown): Readable | Uint8Array {
  return (body as Readable | null | undefined) ?? new Uint8Array();
}
