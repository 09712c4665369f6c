// POST /jobs/:id/release.
import { ChangedJobs, Empty, schedulerRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { ARRAY_TIMEOUT_MS } from './array-timeout.ts';

export const releaseJob = operation({
  method: 'POST',
  url: '/jobs/:id/release',
  summary: 'Let a held job, or a whole array by its id, start',
  access: 'user',
  schema: { params: IdPath, body: Empty, response: ChangedJobs },
  handler: ({ gateway, principal, meta, params }) =>
    gateway.bus.call(schedulerRpc.release, { principal, meta }, params, { timeoutMs: ARRAY_TIMEOUT_MS }),
});
