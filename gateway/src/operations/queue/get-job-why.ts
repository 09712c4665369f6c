// GET /jobs/:id/why.
import { queueRpc, WhyQuery, WhyView } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import { PAST_TIMEOUT_MS } from './past-timeout.ts';

export const getJobWhy = operation({
  method: 'GET',
  url: '/jobs/:id/why',
  summary: 'Say why a job waits, or waited at a time in the past: the reason, and the facts behind it',
  access: 'job-token-ok',
  schema: { params: IdPath, query: WhyQuery, response: WhyView },
  handler: ({ gateway, principal, meta, params: { id }, query: { at } }) =>
    gateway.bus.call(queueRpc.why, { principal, meta }, at === undefined ? { id } : { id, at }, {
      timeoutMs: PAST_TIMEOUT_MS,
    }),
});
