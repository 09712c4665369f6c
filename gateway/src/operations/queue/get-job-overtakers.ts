// GET /jobs/:id/overtakers.
import { OvertakersView, queueRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { PAST_TIMEOUT_MS } from './past-timeout.ts';

export const getJobOvertakers = operation({
  method: 'GET',
  url: '/jobs/:id/overtakers',
  summary: 'List the jobs that came after a job and started before it, each with the reason',
  access: 'job-token-ok',
  schema: { params: IdPath, response: OvertakersView },
  handler: ({ gateway, principal, meta, params }) =>
    gateway.bus.call(queueRpc.overtakers, { principal, meta }, params, { timeoutMs: PAST_TIMEOUT_MS }),
});
