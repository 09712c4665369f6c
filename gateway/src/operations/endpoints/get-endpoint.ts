// GET /endpoints/:id.
import { EndpointView, servingRpc } from '@baton/contracts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const getEndpoint = operation({
  method: 'GET',
  url: '/endpoints/:id',
  summary: 'Show an inference endpoint, its state and its URL',
  access: 'user',
  past: true,
  schema: { params: IdPath, response: EndpointView },
  handler: ({ call, params }) => call(servingRpc.get, params),
});
