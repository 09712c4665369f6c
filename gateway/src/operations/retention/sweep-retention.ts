// POST /retention/sweep.
import { retentionRpc, RetentionSweep } from '@baton/contracts';
import { operation } from '../operation.ts';

/** All jobs are looked at, a page at a time. */
const TIMEOUT_MS = 60_000;

export const sweepRetention = operation({
  method: 'POST',
  url: '/retention/sweep',
  summary: 'Remove output and metrics that have had their time by the policy, or say what would go (admin)',
  access: 'user',
  schema: { body: retentionRpc.sweep.request, response: RetentionSweep },
  handler: ({ gateway, principal, meta, body }) =>
    gateway.bus.call(retentionRpc.sweep, { principal, meta }, body, { timeoutMs: TIMEOUT_MS }),
});
