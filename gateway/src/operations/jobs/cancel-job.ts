// POST /jobs/:id/cancel.
import { ChangedJobs, schedulerRpc } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const cancelJob = operation({
  method: 'POST',
  url: '/jobs/:id/cancel',
  summary: 'Cancel a queued or running job, or a whole array by its id',
  access: 'user',
  schema: { params: IdPath, body: without(schedulerRpc.cancel.request, 'id'), response: ChangedJobs },
  handler: ({ call, params, body }) => call(schedulerRpc.cancel, { ...body, ...params }),
});
