// POST /jobs/:id/cancel.
import { ChangedJobs, schedulerRpc } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { ARRAY_TIMEOUT_MS } from './array-timeout.ts';

export const cancelJob = operation({
  method: 'POST',
  url: '/jobs/:id/cancel',
  summary: 'Cancel a queued or running job, or a whole array by its id',
  access: 'user',
  schema: { params: IdPath, body: without(schedulerRpc.cancel.request, 'id'), response: ChangedJobs },
  handler: ({ gateway, principal, meta, params, body }) =>
    gateway.bus.call(schedulerRpc.cancel, { principal, meta }, { ...body, ...params }, { timeoutMs: ARRAY_TIMEOUT_MS }),
});
