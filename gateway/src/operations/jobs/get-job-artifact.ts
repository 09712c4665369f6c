// GET /jobs/:id/artifacts/files/*.
import { schedulerRpc, strict } from '@baton/contracts';
import { Type } from 'typebox';
import { sendFile } from '../../content/send-file.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { ArtifactQuery, artifactsOf } from './job-artifacts.ts';

export const getJobArtifact = operation({
  method: 'GET',
  url: '/jobs/:id/artifacts/files/*',
  summary: 'Download one artifact; takes ranges',
  access: 'job-token-ok',
  schema: { params: strict({ ...IdPath.properties, '*': Type.String({ minLength: 1 }) }), query: ArtifactQuery },
  produces: 'application/octet-stream',
  handler: async ({ call, params, query, gateway, request, reply }) => {
    const { manifest } = artifactsOf(await call(schedulerRpc.getJob, { id: params.id }), query.attempt);
    return sendFile(request, reply, gateway.blobs, await gateway.manifests.file(manifest.digest, params['*']));
  },
});
