// POST /blobs.
import { operation } from '../operation.ts';
import { bodyOf, StoredBlob } from './put-blob.ts';

export const addBlob = operation({
  method: 'POST',
  url: '/blobs',
  summary: 'Store content whose SHA-256 is not known beforehand, from an agent on another server',
  access: 'agent',
  consumes: 'application/octet-stream',
  schema: { response: StoredBlob },
  status: 201,
  handler: ({ gateway, request }) => gateway.blobs.put(bodyOf(request.body)),
});
