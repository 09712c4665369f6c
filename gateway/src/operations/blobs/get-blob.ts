// GET /blobs/:digest.
import { Digest, strict } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { sendFile } from '../../content/send-file.ts';
import { operation } from '../operation.ts';

export const BlobPath = strict({ digest: Digest });

export const getBlob = operation({
  method: 'GET',
  url: '/blobs/:digest',
  summary: 'Content by its SHA-256, for agents on other servers; takes ranges',
  access: 'agent',
  schema: { params: BlobPath },
  produces: 'application/octet-stream',
  handler: async ({ params: { digest }, gateway, request, reply }) => {
    const blob = await gateway.blobs.stat(digest);
    if (!blob) throw new PlatformError('not_found', `There is no content with the digest ${digest}.`);
    return sendFile(request, reply, gateway.blobs, { path: digest, ...blob });
  },
});
