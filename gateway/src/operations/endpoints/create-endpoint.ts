// POST /endpoints.
import { Changed, CreateEndpoint, servingRpc } from '@baton/contracts';
import { LOAD_TIMEOUT_MS } from './load-timeout.ts';
import { operation } from '../operation.ts';

export const createEndpoint = operation({
  method: 'POST',
  url: '/endpoints',
  summary: 'Serve a model version for inference',
  access: 'user',
  schema: { body: CreateEndpoint, response: Changed },
  status: 201,
  location: ({ id }) => `/endpoints/${id}`,
  handler: ({ gateway, principal, meta, body }) =>
    gateway.bus.call(servingRpc.create, { principal, meta }, body, { timeoutMs: LOAD_TIMEOUT_MS }),
});
