// POST /datasets/:id/versions, /models/:id/versions: a version from finished uploads.
import { strict, VersionAdded } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Type, type Static } from 'typebox';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import type { Catalogue } from './catalogue.ts';

const UploadId = Type.String({ minLength: 1, maxLength: 64, description: 'the last segment of the upload URL' });
const UploadRef = Type.Union([
  UploadId,
  strict({
    uploadId: UploadId,
    path: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_024, description: "the file's place in the version" }),
    ),
  }),
]);
const Body = strict({
  uploads: Type.Array(UploadRef, { minItems: 1, maxItems: 1_000 }),
  unpack: Type.Optional(Type.Boolean({ description: 'whether archives are unpacked; they are unless this is false' })),
});

/** Long enough to unpack what a big archive holds. */
const UNPACK_TIMEOUT_MS = 10 * 60_000;

export const addVersion = (catalogue: Catalogue) =>
  operation({
    method: 'POST',
    url: `/${catalogue.path}/:id/versions`,
    summary: `Add a version to a ${catalogue.noun} from finished uploads`,
    access: 'user',
    schema: {
      params: IdPath,
      body: strict({ ...Body.properties, ...catalogue.versionFields }) as typeof Body,
      response: VersionAdded,
    },
    status: 201,
    location: ({ id, version }) => `/${catalogue.path}/${id}/versions/${version}/manifest`,
    handler: async ({ gateway, principal, meta, params, body }) => {
      const uploads = [];
      for (const [index, ref] of body.uploads.entries()) {
        const { uploadId, ...place } = typeof ref === 'string' ? { uploadId: ref } : ref;
        const blob = await gateway.uploads.resolve(uploadId, principal.userId).catch((error: unknown) => {
          throw atPointer(error, index);
        });
        uploads.push({ ...blob, ...place });
      }
      const request = { ...body, ...params, uploads };
      const added = await gateway.bus.call(catalogue.rpc.addVersion, { principal, meta }, request, {
        timeoutMs: UNPACK_TIMEOUT_MS,
      });
      return added as Static<typeof VersionAdded>;
    },
  });

/** The thing itself may well be there: what is missing is a member of the body. */
function atPointer(error: unknown, index: number): unknown {
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== 'not_found') return error;
  const issues = [{ pointer: `/uploads/${index}`, detail: 'is no upload of yours' }];
  return new PlatformError('not_found', error.message, { cause: error, issues });
}
