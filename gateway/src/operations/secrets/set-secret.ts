// PUT /secrets/:name.
import { Changed, SecretName, SetSecret, strict, userRpc } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';

export const setSecret = operation({
  method: 'PUT',
  url: '/secrets/:name',
  summary: 'Set a secret; jobs name it, and it is never shown again',
  access: 'user',
  schema: { params: strict({ name: SecretName }), body: without(SetSecret, 'name'), response: Changed },
  handler: ({ call, params, body }) => call(userRpc.setSecret, { ...body, ...params }),
});
