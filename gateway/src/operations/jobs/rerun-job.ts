// POST /jobs/:id/rerun.
import { Changed, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const rerunJob = operation({
  method: 'POST',
  url: '/jobs/:id/rerun',
  summary: 'Submit the same pinned specification as a new job',
  access: 'user',
  schema: { params: IdPath, response: Changed },
  status: 201,
  location: ({ id }) => `/jobs/${id}`,
  handler: ({ call, params }) => call(schedulerRpc.rerun, params),
});
