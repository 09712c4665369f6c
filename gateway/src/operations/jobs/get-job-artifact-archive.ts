// GET /jobs/:id/artifacts/archive.
import { schedulerRpc } from '@baton/contracts';
import { sendArchive } from '../../content/send-archive.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { ArtifactQuery, artifactsOf } from './job-artifacts.ts';

export const getJobArtifactArchive = operation({
  method: 'GET',
  url: '/jobs/:id/artifacts/archive',
  summary: "Download a job's artifacts as a tar",
  access: 'job-token-ok',
  schema: { params: IdPath, query: ArtifactQuery },
  produces: 'application/x-tar',
  handler: async ({ call, params, query, gateway, request, reply }) => {
    const job = await call(schedulerRpc.getJob, params);
    const { attempt, manifest } = artifactsOf(job, query.attempt);
    return sendArchive(request, reply, gateway, { digest: manifest.digest, name: `${job.name}-${attempt}` });
  },
});
