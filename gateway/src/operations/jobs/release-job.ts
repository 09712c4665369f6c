// POST /jobs/:id/release.
import { ChangedJobs, Empty, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const releaseJob = operation({
  method: 'POST',
  url: '/jobs/:id/release',
  summary: 'Let a held job, or a whole array by its id, start',
  access: 'user',
  schema: { params: IdPath, body: Empty, response: ChangedJobs },
  handler: ({ call, params }) => call(schedulerRpc.release, params),
});
