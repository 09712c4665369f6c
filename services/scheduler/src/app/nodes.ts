// The nodes: what they have, and whether their agents are heard.
import type { NodeDescription, NodeEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import type { KnownNode } from '../domain/ledger.ts';
import { evolveNode, type NodeCommand, type NodeState } from '../domain/node.ts';

/** Silence after which a node counts as unreachable. */
export const HEARTBEAT_TIMEOUT_MS = 5_000;

export interface NodePorts {
  /** Runs a command on the node's aggregate and gives the events that it caused. */
  readonly execute: (nodeId: string, command: NodeCommand) => Promise<readonly NodeEvent[]>;
  readonly now: () => number;
  /** Something changed that a scheduling pass should see. */
  readonly changed: () => void;
  readonly report: (error: unknown, where: string) => void;
}

interface Entry {
  state: NodeState;
  lastSeenAt: number | null;
}

export class Nodes {
  readonly #ports: NodePorts;
  readonly #entries = new Map<string, Entry>();
  readonly #startedAt: number;

  constructor(ports: NodePorts) {
    this.#ports = ports;
    this.#startedAt = ports.now();
  }

  /** At boot: what the log says. */
  restore(commit: RecordedCommit): void {
    this.#evolve(commit.ref.id, commit.events as NodeEvent[]);
  }

  known(): KnownNode[] {
    const found: KnownNode[] = [];
    for (const [id, entry] of this.#entries) {
      if (entry.state.phase === 'known') found.push({ id, state: entry.state, heard: this.#isHeard(entry) });
    }
    return found;
  }

  find(ref: string): KnownNode | undefined {
    return this.known().find((node) => node.id === ref || node.state.description.name === ref);
  }

  /** A heartbeat with the node's present description. */
  async hear(nodeId: string, description: NodeDescription): Promise<void> {
    const before = this.#entries.get(nodeId);
    const wasHeard = before !== undefined && this.#isHeard(before);
    const events = await this.#ports.execute(nodeId, { type: 'Hear', description });
    this.#evolve(nodeId, events);
    this.#entry(nodeId).lastSeenAt = this.#ports.now();
    if (!wasHeard || events.length > 0) this.#ports.changed();
  }

  /** Flags the nodes that have been silent for too long. A failed probe is not a death: nothing else happens. */
  async checkHeartbeats(): Promise<void> {
    for (const [id, entry] of this.#entries) {
      if (entry.state.phase !== 'known' || !entry.state.reachable) continue;
      const lastSeenAt = entry.lastSeenAt ?? this.#startedAt;
      if (this.#ports.now() - lastSeenAt < HEARTBEAT_TIMEOUT_MS) continue;
      this.#evolve(id, await this.#ports.execute(id, { type: 'MissHeartbeat', lastSeenAt }));
      this.#ports.changed();
    }
  }

  /** Checks every second until the signal aborts. */
  watch(signal: AbortSignal): void {
    const timer = setInterval(() => {
      this.checkHeartbeats().catch((error: unknown) => this.#ports.report(error, 'heartbeats'));
    }, 1_000);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  #isHeard(entry: Entry): boolean {
    return entry.lastSeenAt !== null && this.#ports.now() - entry.lastSeenAt < HEARTBEAT_TIMEOUT_MS;
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id) ?? { state: { phase: 'none' }, lastSeenAt: null };
    this.#entries.set(id, entry);
    return entry;
  }

  #evolve(id: string, events: readonly NodeEvent[]): void {
    const entry = this.#entry(id);
    for (const event of events) entry.state = evolveNode(entry.state, event);
  }
}
