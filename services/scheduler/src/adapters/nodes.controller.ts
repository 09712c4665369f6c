// The scheduler's operations on nodes, on NATS.
import { schedulerRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import type { TSchema } from 'typebox';
import { NodeAdmin } from '../app/node-admin.ts';
import type { NodeRequest } from '../app/nodes.ts';
import { Queries } from '../app/queries.ts';

type CallOf<K extends keyof typeof schedulerRpc> = Call<(typeof schedulerRpc)[K]['request']>;

@Controller()
export class NodesController {
  readonly #admin: NodeAdmin;
  readonly #queries: Queries;

  constructor(@Inject(NodeAdmin) admin: NodeAdmin, @Inject(Queries) queries: Queries) {
    this.#admin = admin;
    this.#queries = queries;
  }

  @Answers(schedulerRpc.getNode)
  getNode(call: CallOf<'getNode'>) {
    return this.#queries.node(call, call.body.id);
  }

  @Answers(schedulerRpc.listNodes)
  listNodes(call: CallOf<'listNodes'>) {
    return this.#queries.nodes(call, call.body);
  }

  @Answers(schedulerRpc.addNode)
  addNode(call: CallOf<'addNode'>) {
    return this.#admin.add(requestOf(call), call.body);
  }

  @Answers(schedulerRpc.joinNode)
  joinNode(call: CallOf<'joinNode'>) {
    return this.#admin.join(requestOf(call), call.body);
  }

  @Answers(schedulerRpc.cordonNode)
  cordonNode(call: CallOf<'cordonNode'>) {
    return this.#admin.cordon(requestOf(call), call.body);
  }

  @Answers(schedulerRpc.uncordonNode)
  uncordonNode(call: CallOf<'uncordonNode'>) {
    return this.#admin.uncordon(requestOf(call), call.body.id);
  }

  @Answers(schedulerRpc.shareNode)
  shareNode(call: CallOf<'shareNode'>) {
    return this.#admin.share(requestOf(call), call.body);
  }

  @Answers(schedulerRpc.drainNode)
  drainNode(call: CallOf<'drainNode'>) {
    return this.#admin.drain(requestOf(call), call.body);
  }

  @Answers(schedulerRpc.removeNode)
  removeNode(call: CallOf<'removeNode'>) {
    return this.#admin.remove(requestOf(call), call.body);
  }

  @Answers(schedulerRpc.authenticateAgent)
  async authenticateAgent({ principal, body }: CallOf<'authenticateAgent'>) {
    if (principal.kind !== 'system') throw new PlatformError('forbidden', 'Only the platform itself asks this.');
    return this.#admin.authenticate(body.token);
  }
}

function requestOf<Q extends TSchema>({ principal, meta, subject, body }: Call<Q>): NodeRequest {
  return { caller: { principal, meta }, subject, body };
}
