// For jobs that don't wait for a lost node: how long each node may run them unheard, and their end when that is surely over.
import type { OutputPositions } from '@baton/contracts';
import type { Leader } from './leader.ts';
import type { Leadership } from './leadership.ts';
import { lostCommand, rankOf } from './lost-attempt.ts';
import type { Nodes } from './nodes.ts';
import type { OutputPositionsReader } from './ports.ts';

/** From the agent's question on: so long without an answered one, and what runs by lease has ended itself. */
export const NODE_LEASE_MS = 60_000;
/** For the guard beside an attempt to look (every 2 s), to kill, and for clocks that don't run alike. */
export const LEASE_MARGIN_MS = 15_000;
const CHECK_EVERY_MS = 1_000;

export interface NodeLeasesPorts {
  readonly leadership: Leadership;
  readonly nodes: Pick<Nodes, 'known' | 'heard'>;
  readonly now: () => number;
  /** ms, of a clock that nobody can set. */
  readonly monotonic: () => number;
  readonly outputPositions: OutputPositionsReader;
  readonly leaseMs: number;
  readonly marginMs: number;
  readonly report: (error: unknown, where: string) => void;
}

export class NodeLeases {
  readonly #ports: NodeLeasesPorts;
  readonly #renewedAt = new Map<string, number>();
  /** Who led before may have answered until then, which may be still to come. */
  #ledSince: number;

  constructor(ports: NodeLeasesPorts) {
    this.#ports = ports;
    this.#ledSince = ports.monotonic();
    ports.leadership.onLead(() => (this.#ledSince = ports.monotonic() + ports.leadership.overlapMs()));
  }

  /**
   * A sync is about to be answered: so long the node may go on, counted from its question. Null while another scheduler could have begun
   * to lead: that one would not know of it.
   */
  renew(nodeId: string): number | null {
    const { leadership, monotonic, leaseMs } = this.#ports;
    if (!leadership.isSure()) return null;
    this.#renewedAt.set(nodeId, monotonic());
    return leaseMs;
  }

  /**
   * Ends the attempts on nodes whose lease has run out, and the margin with it. Others wait, however long it takes; so do all while another
   * scheduler could have begun to lead, and have answered them.
   */
  async check(): Promise<void> {
    const { leadership, nodes, outputPositions } = this.#ports;
    const leader = leadership.current();
    if (!leader) return;
    for (const { id: nodeId } of nodes.known()) {
      if (!this.#isGone(nodeId) || this.#byLease(leader, nodeId).length === 0) continue;
      const fence = await outputPositions();
      // It may have been heard meanwhile.
      if (this.#isGone(nodeId)) await this.#endOn(nodeId, leader, fence);
    }
  }

  #isGone(nodeId: string): boolean {
    return !this.#ports.nodes.heard(nodeId) && this.#isOver(nodeId);
  }

  #byLease(leader: Leader, nodeId: string) {
    return leader.ledger.placedOn(nodeId).filter(({ state }) => state.spec.onNodeLoss === 'requeue');
  }

  async #endOn(nodeId: string, leader: Leader, fence: OutputPositions): Promise<void> {
    const { leadership, now } = this.#ports;
    for (const { id, state, part } of this.#byLease(leader, nodeId)) {
      if (!leadership.isSure()) return;
      const message = 'Its node was not heard from for longer than its lease: what ran there has ended itself.';
      const command = lostCommand(state.attempt.number, part, { message, now: now(), fence });
      const identity = leader.systemIdentity(`the lease of ${nodeId} is over`);
      await leader.execute(id, { ...command, ...rankOf(part) }, identity).durable;
      leader.kick();
    }
  }

  #isOver(nodeId: string): boolean {
    const { monotonic, leaseMs, marginMs } = this.#ports;
    const renewedAt = Math.max(this.#renewedAt.get(nodeId) ?? -Infinity, this.#ledSince);
    return monotonic() >= renewedAt + leaseMs + marginMs;
  }

  /** Checks every second until the signal aborts. */
  watch(signal: AbortSignal): void {
    let isChecking = false;
    const check = async (): Promise<void> => {
      if (isChecking) return;
      isChecking = true;
      await this.check().catch((error: unknown) => this.#ports.report(error, 'leases of nodes'));
      isChecking = false;
    };
    const timer = setInterval(() => void check(), CHECK_EVERY_MS);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }
}
