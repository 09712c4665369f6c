// GET /jobs/:id/artifacts/archive, and of checkpoints.
import { schedulerRpc, strict } from '@baton/contracts';
import { ArchiveQuery, sendArchive } from '../../content/send-archive.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { AttemptQuery, filesOf, type JobFiles } from './job-files.ts';

export const getJobArchive = (kind: JobFiles) =>
  operation({
    method: 'GET',
    url: `/jobs/:id/${kind.noun}/archive`,
    summary: `Download a job's ${kind.noun} as a tar, tar.gz or zip`,
    access: 'job-token-ok',
    schema: { params: IdPath, query: strict({ ...AttemptQuery.properties, ...ArchiveQuery.properties }) },
    produces: 'application/x-tar',
    handler: async ({ call, params, query, gateway, request, reply }) => {
      const job = await call(schedulerRpc.getJob, params);
      const { attempt, manifest } = filesOf(kind, job, query);
      const rank = query.rank ? `-rank${query.rank}` : '';
      const name = `${job.name}-${attempt}${rank}${kind.noun === 'artifacts' ? '' : `-${kind.noun}`}`;
      return sendArchive(request, reply, gateway, { digest: manifest.digest, name, format: query.format });
    },
  });
