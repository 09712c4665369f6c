// GET /jobs/:id/artifacts/files/*, and of checkpoints.
import { schedulerRpc, strict } from '@baton/contracts';
import { Type } from 'typebox';
import { sendFile } from '../../content/send-file.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { AttemptQuery, filesOf, type JobFiles } from './job-files.ts';

export const getJobFile = (kind: JobFiles) =>
  operation({
    method: 'GET',
    url: `/jobs/:id/${kind.noun}/files/*`,
    summary: `Download one file of a job's ${kind.noun}; takes ranges`,
    access: 'job-token-ok',
    schema: { params: strict({ ...IdPath.properties, '*': Type.String({ minLength: 1 }) }), query: AttemptQuery },
    produces: 'application/octet-stream',
    handler: async ({ call, params, query, gateway, request, reply }) => {
      const { manifest } = filesOf(kind, await call(schedulerRpc.getJob, { id: params.id }), query);
      return sendFile(request, reply, gateway.blobs, await gateway.manifests.file(manifest.digest, params['*']));
    },
  });
