// Tokens of agents on other servers, asked of the scheduler and kept for seconds.
import { createHash } from 'node:crypto';
import { type Principal, schedulerRpc, systemPrincipal } from '@baton/contracts';
import type { Bus } from '@baton/messaging';

/** How long a removed node's agent may still be let in. */
const TTL_MS = 5_000;
/** Agents, and whatever else is tried. */
const MAX_ENTRIES = 1_000;

interface Entry {
  readonly principal: Promise<Principal>;
  readonly expiresAt: number;
}

export class AgentAuthenticator {
  readonly #bus: Bus;
  readonly #now: () => number;
  /** By the token's hash: tokens themselves are not kept. */
  readonly #entries = new Map<string, Entry>();

  constructor(bus: Bus, now: () => number = Date.now) {
    this.#bus = bus;
    this.#now = now;
  }

  /** `unauthenticated` if the token is of no node, or of one that was removed. */
  authenticate(token: string, requestId: string): Promise<Principal> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#entries.get(key);
    if (known && known.expiresAt > this.#now()) return known.principal;
    const entry = { principal: this.#ask(token, requestId), expiresAt: this.#now() + TTL_MS };
    this.#entries.set(key, entry);
    // A refusal is not kept.
    entry.principal.catch(() => this.#entries.delete(key));
    const oldest = this.#entries.size > MAX_ENTRIES ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
    return entry.principal;
  }

  async #ask(token: string, requestId: string): Promise<Principal> {
    const context = { principal: systemPrincipal('gateway'), meta: { requestId } };
    const { nodeId } = await this.#bus.call(schedulerRpc.authenticateAgent, context, { token });
    const agent = `agent:${nodeId}`;
    // No system's rights: what agents may do over HTTP are the operations that name them.
    return { kind: 'user', userId: agent, role: 'user', groups: [], credentialId: agent };
  }
}
