// POST /jobs/:id/hold.
import { ChangedJobs, Empty, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { ARRAY_TIMEOUT_MS } from './array-timeout.ts';

export const holdJob = operation({
  method: 'POST',
  url: '/jobs/:id/hold',
  summary: 'Keep a queued job, or a whole array by its id, from starting',
  access: 'user',
  schema: { params: IdPath, body: Empty, response: ChangedJobs },
  handler: ({ gateway, principal, meta, params }) =>
    gateway.bus.call(schedulerRpc.hold, { principal, meta }, params, { timeoutMs: ARRAY_TIMEOUT_MS }),
});
