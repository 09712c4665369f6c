// PUT /policy: the body is the policy as people write it.
import { ApplyPolicy, PolicyApplied, PolicyDocument, policyRpc, strict } from '@baton/contracts';
import { operation } from '../operation.ts';

export const applyPolicy = operation({
  method: 'PUT',
  url: '/policy',
  summary: 'Replace the scheduling policy; what is left out is the default (admin)',
  access: 'user',
  schema: {
    query: strict({ comment: ApplyPolicy.properties.comment }),
    body: PolicyDocument,
    response: PolicyApplied,
  },
  handler: ({ call, query, body }) => call(policyRpc.apply, { ...query, policy: body }),
});
