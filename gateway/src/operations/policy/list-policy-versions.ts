// GET /policy/versions.
import { policyRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const listPolicyVersions = operation({
  method: 'GET',
  url: '/policy/versions',
  summary: 'List the versions of the scheduling policy: who changed it when, and why',
  access: 'user',
  past: true,
  schema: { query: policyRpc.versions.request, response: policyRpc.versions.reply },
  handler: ({ call, query }) => call(policyRpc.versions, query),
});
