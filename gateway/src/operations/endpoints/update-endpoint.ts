// PATCH /endpoints/:id.
import { Changed, servingRpc, UpdateEndpoint } from '@baton/contracts';
import { LOAD_TIMEOUT_MS } from './load-timeout.ts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';

export const updateEndpoint = operation({
  method: 'PATCH',
  url: '/endpoints/:id',
  summary: 'Serve another version: loaded aside, warmed, swapped',
  access: 'user',
  schema: { params: IdPath, body: without(UpdateEndpoint, 'id'), response: Changed },
  handler: ({ gateway, principal, meta, params, body }) =>
    gateway.bus.call(servingRpc.update, { principal, meta }, { ...body, ...params }, { timeoutMs: LOAD_TIMEOUT_MS }),
});
