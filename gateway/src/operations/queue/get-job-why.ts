// GET /jobs/:id/why.
import { queueRpc, WhyView } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { PAST_TIMEOUT_MS } from './past-timeout.ts';

export const getJobWhy = operation({
  method: 'GET',
  url: '/jobs/:id/why',
  summary: 'Say why a job waits, or waited at a time in the past: the reason, and the facts behind it',
  access: 'job-token-ok',
  past: true,
  schema: { params: IdPath, response: WhyView },
  handler: ({ gateway, principal, meta, params }) =>
    gateway.bus.call(queueRpc.why, { principal, meta }, params, { timeoutMs: PAST_TIMEOUT_MS }),
});
