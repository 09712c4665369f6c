// POST /nodes/join: what an agent asks once, with the token that an admin was given.
import { JoinNode, schedulerRpc, strict } from '@baton/contracts';
import { Type } from 'typebox';
import { operation } from '../operation.ts';
import { natsAddressFor } from './nats-address.ts';

export const joinNode = operation({
  method: 'POST',
  url: '/nodes/join',
  summary: "Join as a node, with a one-time token; tells the node's id and where NATS is",
  access: 'anonymous',
  schema: {
    body: JoinNode,
    response: strict({ ...schedulerRpc.joinNode.reply.properties, natsUrl: Type.String() }),
  },
  handler: async ({ call, body, gateway, request }) => {
    // Before the token is used up.
    const natsUrl = natsAddressFor(gateway.agentNatsUrl, request);
    return { ...(await call(schedulerRpc.joinNode, body)), natsUrl };
  },
});
