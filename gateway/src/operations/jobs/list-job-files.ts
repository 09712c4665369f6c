// GET /jobs/:id/artifacts, and of checkpoints.
import { AttemptNumber, ManifestFile, ManifestSummary, schedulerRpc, strict, Timestamp } from '@baton/contracts';
import { Type } from 'typebox';
import { described } from '../../content/media-type.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { AttemptQuery, filesOf, type JobFiles } from './job-files.ts';

const Listed = strict({
  ...ManifestFile.properties,
  /** By its name. */
  mediaType: Type.String(),
  /** `weights`: by its name and its content. */
  kind: Type.Union([Type.Literal('file'), Type.Literal('weights')]),
  /** Of weights: `onnx`, `safetensors`, `pytorch`, `keras` or `joblib`. */
  format: Type.Optional(Type.String()),
});

export const listJobFiles = (kind: JobFiles) =>
  operation({
    method: 'GET',
    url: `/jobs/:id/${kind.noun}`,
    summary: `List the ${kind.noun} of a job: what it has left in ${kind.variable}`,
    access: 'job-token-ok',
    schema: {
      params: IdPath,
      query: AttemptQuery,
      response: strict({
        attempt: AttemptNumber,
        at: Timestamp,
        manifest: ManifestSummary,
        files: Type.Array(Listed),
      }),
    },
    handler: async ({ call, params, query, gateway }) => {
      const stored = filesOf(kind, await call(schedulerRpc.getJob, params), query);
      const { files } = await gateway.manifests.read(stored.manifest.digest);
      const formats = await gateway.weights.among(files);
      return { ...stored, files: files.map((file) => described(file, formats.get(file.path))) };
    },
  });
