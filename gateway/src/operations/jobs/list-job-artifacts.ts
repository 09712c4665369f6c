// GET /jobs/:id/artifacts.
import { AttemptNumber, ManifestFile, ManifestSummary, schedulerRpc, strict } from '@baton/contracts';
import { Type } from 'typebox';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { ArtifactQuery, artifactsOf } from './job-artifacts.ts';

export const listJobArtifacts = operation({
  method: 'GET',
  url: '/jobs/:id/artifacts',
  summary: 'List the files that a job has left in its output folder',
  access: 'job-token-ok',
  schema: {
    params: IdPath,
    query: ArtifactQuery,
    response: strict({ attempt: AttemptNumber, manifest: ManifestSummary, files: Type.Array(ManifestFile) }),
  },
  handler: async ({ call, params, query, gateway }) => {
    const artifacts = artifactsOf(await call(schedulerRpc.getJob, params), query.attempt);
    const { files } = await gateway.manifests.read(artifacts.manifest.digest);
    return { ...artifacts, files };
  },
});
