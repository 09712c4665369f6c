// POST /simulations: what would have been.
import { forecastRpc, WhatIf, WhatIfView } from '@baton/contracts';
import { operation } from '../operation.ts';

/** The log is read from its beginning, and replayed twice. */
const TIMEOUT_MS = 100_000;

export const simulate = operation({
  method: 'POST',
  url: '/simulations',
  summary: 'Replay the jobs of the log under another policy or on more nodes, and compare the waiting; changes nothing',
  access: 'user',
  schema: { body: WhatIf, response: WhatIfView },
  handler: ({ gateway, principal, meta, body }) =>
    gateway.bus.call(forecastRpc.whatIf, { principal, meta }, body, { timeoutMs: TIMEOUT_MS }),
});
