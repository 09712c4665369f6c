// Tokens of agents on other servers, asked of the scheduler and kept for seconds: so long a removed node's may still be let in.
import { type Principal, schedulerRpc, systemPrincipal } from '@baton/contracts';
import type { Bus } from '@baton/messaging';
import { PrincipalCache } from './principal-cache.ts';

/** Agents, and whatever else is tried. */
const MAX_ENTRIES = 1_000;

export class AgentAuthenticator {
  readonly #bus: Bus;
  readonly #principals: PrincipalCache;

  constructor(bus: Bus, now: () => number = () => performance.now()) {
    this.#bus = bus;
    const ask = (token: string, requestId: string) => this.#ask(token, requestId);
    this.#principals = new PrincipalCache({ ask, maxEntries: MAX_ENTRIES, now });
  }

  /** `unauthenticated` if the token is of no node, or of one that was removed. */
  authenticate(token: string, requestId: string): Promise<Principal> {
    return this.#principals.get(token, requestId);
  }

  async #ask(token: string, requestId: string): Promise<Principal> {
    const context = { principal: systemPrincipal('gateway'), meta: { requestId } };
    const { nodeId } = await this.#bus.call(schedulerRpc.authenticateAgent, context, { token });
    const agent = `agent:${nodeId}`;
    // No system's rights: what agents may do over HTTP are the operations that name them.
    return { kind: 'user', userId: agent, role: 'user', groups: [], credentialId: agent };
  }
}
