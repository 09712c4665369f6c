// GET /policy.
import { policyRpc, PolicyView } from '@baton/contracts';
import { operation } from '../operation.ts';

export const getPolicy = operation({
  method: 'GET',
  url: '/policy',
  summary: 'Show the scheduling policy: the one in force, or an earlier version',
  access: 'user',
  past: true,
  schema: { query: policyRpc.get.request, response: PolicyView },
  handler: ({ call, query }) => call(policyRpc.get, query),
});
