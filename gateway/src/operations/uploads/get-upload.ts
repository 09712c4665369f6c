// GET /uploads/:id: where an upload stands.
import { Bytes, Digest, strict } from '@baton/contracts';
import { Type } from 'typebox';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

const Nullable = <T extends typeof Digest | typeof Bytes>(schema: T) => Type.Union([schema, Type.Null()]);

export const UploadView = strict({
  id: Type.String(),
  /** Bytes that are on disk. */
  offset: Bytes,
  /** Null while the client has not said. */
  length: Nullable(Bytes),
  /** Of the whole content, once it is complete. */
  digest: Nullable(Digest),
});

export const getUpload = operation({
  method: 'GET',
  url: '/uploads/:id',
  summary: 'Show how far an upload is, and its digest when it is complete',
  access: 'user',
  schema: { params: IdPath, response: UploadView },
  handler: async ({ gateway, principal, params }) => {
    const { info, offset } = await gateway.uploads.get(params.id, principal.userId);
    const isComplete = info.length === offset;
    const digest = isComplete ? (await gateway.uploads.finish(params.id, principal.userId)).digest : null;
    return { id: params.id, offset, length: info.length, digest };
  },
});
