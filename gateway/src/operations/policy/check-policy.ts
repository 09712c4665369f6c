// POST /policy/check: a dry run of PUT /policy.
import { PolicyCheck, PolicyDocument, policyRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const checkPolicy = operation({
  method: 'POST',
  url: '/policy/check',
  summary: 'Tell what another scheduling policy would change, and for which jobs; changes nothing (admin)',
  access: 'user',
  schema: { body: PolicyDocument, response: PolicyCheck },
  handler: ({ call, body }) => call(policyRpc.check, { policy: body }),
});
