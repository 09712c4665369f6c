// The nodes: what they have, whether their agents are heard, and whether they take jobs.
import type { NodeDescription, NodeEvent } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { RecordedCommit } from '@baton/event-store';
import type { KnownNode } from '../domain/ledger.ts';
import type { NodeCommand } from '../domain/node.commands.ts';
import { evolveNode, initialNode, type NodeState } from '../domain/node.ts';
import type { Caller } from './ports.ts';

/** Silence after which a node counts as unreachable. */
export const HEARTBEAT_TIMEOUT_MS = 5_000;

/** What a scheduling pass should see though no agent said it. */
const BY_ADMINS: ReadonlySet<NodeEvent['type']> = new Set(['NodeCordoned', 'NodeUncordoned', 'NodeSharingChanged']);

/** On whose behalf; a heartbeat is on nobody's. */
export interface NodeRequest {
  readonly caller: Caller;
  readonly subject: string;
  readonly body: unknown;
}

export interface NodeExecution {
  readonly revision: number;
  readonly state: NodeState;
  readonly events: readonly NodeEvent[];
}

export interface NodePorts {
  /** Runs a command on the node's aggregate. */
  readonly execute: (nodeId: string, command: NodeCommand, request?: NodeRequest) => Promise<NodeExecution>;
  readonly now: () => number;
  /** ms, of a clock that nobody can set: silence is measured by it. */
  readonly monotonic: () => number;
  /** Something changed that a scheduling pass should see. */
  readonly changed: () => void;
  readonly report: (error: unknown, where: string) => void;
}

interface Entry {
  state: NodeState;
  revision: number;
  lastSeenAt: number | null;
  /** The same instant, of the clock that nobody can set. */
  heardAt: number | null;
}

export interface FoundNode {
  readonly id: string;
  readonly state: NodeState;
}

export class Nodes {
  readonly #ports: NodePorts;
  readonly #entries = new Map<string, Entry>();
  readonly #startedAt: { readonly wall: number; readonly monotonic: number };

  constructor(ports: NodePorts) {
    this.#ports = ports;
    this.#startedAt = { wall: ports.now(), monotonic: ports.monotonic() };
  }

  /** What the log says, in its order; also what another scheduler has written. */
  follow(commit: RecordedCommit): void {
    const entry = this.#entry(commit.ref.id);
    if (commit.revision <= entry.revision) return;
    const events = commit.events as NodeEvent[];
    this.#set(entry, { revision: commit.revision, state: events.reduce(evolveNode, entry.state) });
    if (events.some(({ type }) => BY_ADMINS.has(type))) this.#ports.changed();
  }

  known(): KnownNode[] {
    const found: KnownNode[] = [];
    for (const [id, entry] of this.#entries) {
      if (entry.state.phase === 'known') found.push({ id, state: entry.state, heard: this.#isHeard(entry) });
    }
    return found;
  }

  /** Those whose agents may connect, or were once allowed to. */
  all(): FoundNode[] {
    return [...this.#entries].map(([id, { state }]) => ({ id, state }));
  }

  find(ref: string): KnownNode | undefined {
    const known = this.known();
    return known.find((node) => node.id === ref) ?? known.find((node) => node.state.description.name === ref);
  }

  /** The one node that an admin means, also one that has not joined yet; `not_found`, or `conflict` for a name of several. */
  one(ref: string): FoundNode {
    const nodes = this.all().filter(({ state }) => state.phase !== 'none' && state.phase !== 'removed');
    const byId = nodes.find(({ id }) => id === ref);
    if (byId) return byId;
    const named = nodes.filter(({ state }) => nameOf(state) === ref);
    if (named.length > 1) throw new PlatformError('conflict', `Several nodes are called ${ref}. Give the id.`);
    if (!named[0]) throw new PlatformError('not_found', `There is no node ${ref}.`);
    return named[0];
  }

  state(id: string): NodeState {
    return this.#entries.get(id)?.state ?? initialNode;
  }

  heard(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && this.#isHeard(entry);
  }

  /** By the clock; the log says so within the next second. After a start a node has as long for its first word. */
  isSilent(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && this.#silentMs(entry) >= HEARTBEAT_TIMEOUT_MS;
  }

  lastSeenAt(id: string): number | null {
    return this.#entries.get(id)?.lastSeenAt ?? null;
  }

  /** On an admin's behalf. */
  async change(id: string, command: NodeCommand, request: NodeRequest): Promise<NodeExecution> {
    const executed = await this.#execute(id, command, request);
    this.#ports.changed();
    return executed;
  }

  /** A heartbeat with the node's present description. */
  async hear(nodeId: string, description: NodeDescription): Promise<void> {
    const wasHeard = this.heard(nodeId);
    const { events } = await this.#execute(nodeId, { type: 'Hear', description });
    Object.assign(this.#entry(nodeId), { lastSeenAt: this.#ports.now(), heardAt: this.#ports.monotonic() });
    if (!wasHeard || events.length > 0) this.#ports.changed();
  }

  /** Flags the nodes that have been silent for too long. A failed probe is not a death: nothing else happens. */
  async checkHeartbeats(): Promise<void> {
    for (const [id, entry] of this.#entries) {
      if (entry.state.phase !== 'known' || !entry.state.reachable) continue;
      if (!this.isSilent(id)) continue;
      await this.#execute(id, { type: 'MissHeartbeat', lastSeenAt: entry.lastSeenAt ?? this.#startedAt.wall });
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

  async #execute(id: string, command: NodeCommand, request?: NodeRequest): Promise<NodeExecution> {
    const executed = await this.#ports.execute(id, command, request);
    this.#set(this.#entry(id), executed);
    return executed;
  }

  #isHeard(entry: Entry): boolean {
    return entry.heardAt !== null && this.#silentMs(entry) < HEARTBEAT_TIMEOUT_MS;
  }

  #silentMs({ heardAt }: Entry): number {
    return this.#ports.monotonic() - (heardAt ?? this.#startedAt.monotonic);
  }

  /** A command that was carried out before answers with what was then: that is not gone back to. */
  #set(entry: Entry, { revision, state }: Pick<NodeExecution, 'revision' | 'state'>): void {
    if (revision <= entry.revision) return;
    entry.revision = revision;
    entry.state = state;
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id) ?? { state: initialNode, revision: 0, lastSeenAt: null, heardAt: null };
    this.#entries.set(id, entry);
    return entry;
  }
}

function nameOf(state: NodeState): string | null {
  if (state.phase === 'known') return state.description.name;
  return state.phase === 'invited' || state.phase === 'joined' ? state.name : null;
}
