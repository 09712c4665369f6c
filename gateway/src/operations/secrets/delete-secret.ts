// DELETE /secrets/:name.
import { Changed, SecretName, strict, userRpc } from '@baton/contracts';
import { operation } from '../operation.ts';

export const deleteSecret = operation({
  method: 'DELETE',
  url: '/secrets/:name',
  summary: 'Delete a secret',
  access: 'user',
  schema: { params: strict({ name: SecretName }), response: Changed },
  handler: ({ call, params }) => call(userRpc.deleteSecret, params),
});
