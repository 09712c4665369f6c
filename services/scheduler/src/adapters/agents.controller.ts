// The scheduler's side of the agent protocol, on NATS. The node's id is the subject's, which permissions bind to the agent.
import { agentRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Agents } from '../app/agents.ts';

type CallOf<K extends keyof typeof agentRpc> = Call<(typeof agentRpc)[K]['request']>;

@Controller()
export class AgentsController {
  readonly #agents: Agents;

  constructor(@Inject(Agents) agents: Agents) {
    this.#agents = agents;
  }

  @Answers(agentRpc.sync)
  sync(call: CallOf<'sync'>) {
    return this.#agents.sync(nodeOf(call.subject), call.body.node, call.body.attempts);
  }

  @Answers(agentRpc.facts)
  facts(call: CallOf<'facts'>) {
    return this.#agents.record(nodeOf(call.subject), call.body.facts);
  }

  @Answers(agentRpc.secrets)
  secrets(call: CallOf<'secrets'>) {
    return this.#agents.secrets(nodeOf(call.subject), call.body);
  }
}

/** `rpc.agent.<nodeId>.<operation>` */
function nodeOf(subject: string): string {
  return subject.split('.')[2] ?? '';
}
