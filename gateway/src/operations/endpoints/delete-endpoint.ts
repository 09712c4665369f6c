// DELETE /endpoints/:id.
import { Changed, servingRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const deleteEndpoint = operation({
  method: 'DELETE',
  url: '/endpoints/:id',
  summary: 'Delete an inference endpoint; requests under way finish',
  access: 'user',
  schema: { params: IdPath, response: Changed },
  handler: ({ call, params }) => call(servingRpc.delete, params),
});
