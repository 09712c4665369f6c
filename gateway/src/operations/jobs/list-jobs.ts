// GET /jobs.
import { schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const listJobs = operation({
  method: 'GET',
  url: '/jobs',
  summary: 'List the jobs that the caller may read',
  access: 'user',
  past: true,
  schema: { query: schedulerRpc.listJobs.request, response: schedulerRpc.listJobs.reply },
  handler: ({ call, query }) => call(schedulerRpc.listJobs, query),
});
