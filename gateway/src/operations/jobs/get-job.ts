// GET /jobs/:id.
import { JobView, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const getJob = operation({
  method: 'GET',
  url: '/jobs/:id',
  summary: 'Show a job: state, attempts, and why it waits',
  access: 'job-token-ok',
  schema: { params: IdPath, response: JobView },
  handler: ({ call, params }) => call(schedulerRpc.getJob, params),
});
