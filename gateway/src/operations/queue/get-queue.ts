// GET /queue.
import { QueueQuery, queueRpc, QueueView } from '@baton/contracts';
import { operation } from '../operation.ts';
import { PAST_TIMEOUT_MS } from './past-timeout.ts';

export const getQueue = operation({
  method: 'GET',
  url: '/queue',
  summary: 'Show what waits, in the order in which it is to start, and why; also as it was at a time in the past',
  access: 'user',
  past: true,
  schema: { query: QueueQuery, response: QueueView },
  handler: ({ gateway, principal, meta, query }) =>
    gateway.bus.call(queueRpc.queue, { principal, meta }, query, { timeoutMs: PAST_TIMEOUT_MS }),
});
