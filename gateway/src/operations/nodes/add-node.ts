// POST /nodes.
import { AddNode, NodeAdded, schedulerRpc, strict } from '@baton/contracts';
import { Type } from 'typebox';
import { operation } from '../operation.ts';
import { isOwnMachine } from './nats-address.ts';

export const addNode = operation({
  method: 'POST',
  url: '/nodes',
  summary: 'Let a server join: answers a one-time token, shown this once (admin)',
  access: 'user',
  schema: {
    body: AddNode,
    response: strict({
      ...NodeAdded.properties,
      ownMachineOnly: Type.Boolean({ description: 'nats-server listens on loopback: no other server can join' }),
    }),
  },
  status: 201,
  location: ({ id }) => `/nodes/${id}`,
  handler: async ({ call, body, gateway, reply }) => {
    void reply.header('cache-control', 'no-store');
    return { ...(await call(schedulerRpc.addNode, body)), ownMachineOnly: isOwnMachine(gateway.agentNatsUrl) };
  },
});
