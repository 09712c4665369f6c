// What agents tell and ask: heartbeats, facts, and the secrets of an attempt that is theirs.
import type { DesiredSet, Fact, NodeDescription } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { JobCommand } from '../domain/job.commands.ts';
import { isPlaced, type Part, partOn, type PlacedJob } from '../domain/job.ts';
import type { Leader } from './leader.ts';
import type { Leadership } from './leadership.ts';
import { lostCommand, rankOf } from './lost-attempt.ts';
import type { NodeLeases } from './node-leases.ts';
import type { Nodes } from './nodes.ts';
import type { Catalogue, OutputPositionsReader } from './ports.ts';
import type { ProgressReport, StagingProgress } from './staging-progress.ts';

/** How long an agent may go without naming an attempt that it has started, before the attempt counts as lost. */
const MISSING_FOR_MS = 6_000;

const CHANGES_THE_PLAN: ReadonlySet<Fact['type']> = new Set(['started', 'released', 'revoked', 'ended']);

interface HeldAttempt {
  readonly jobId: string;
  readonly attempt: number;
}

export interface AgentPorts {
  readonly leadership: Leadership;
  readonly nodes: Nodes;
  readonly leases: NodeLeases;
  readonly catalogue: Catalogue;
  readonly progress: StagingProgress;
  readonly now: () => number;
  /** ms, of a clock that nobody can set. */
  readonly monotonic: () => number;
  readonly outputPositions: OutputPositionsReader;
}

export class Agents {
  readonly #leadership: Leadership;
  readonly #nodes: Nodes;
  readonly #leases: NodeLeases;
  readonly #catalogue: Catalogue;
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #progress: StagingProgress;
  readonly #outputPositions: OutputPositionsReader;
  readonly #missingSince = new Map<string, number>();

  constructor(ports: AgentPorts) {
    this.#leadership = ports.leadership;
    this.#nodes = ports.nodes;
    this.#leases = ports.leases;
    this.#catalogue = ports.catalogue;
    this.#now = ports.now;
    this.#monotonic = ports.monotonic;
    this.#progress = ports.progress;
    this.#outputPositions = ports.outputPositions;
  }

  async sync(nodeId: string, node: NodeDescription, held: readonly ProgressReport[]): Promise<DesiredSet> {
    const leader = this.#leadership.leader();
    await this.#nodes.hear(nodeId, node);
    this.#progress.hear(nodeId, held);
    await this.#endMissing(leader, nodeId, held);
    const set = await leader.desired(nodeId);
    if (!set) throw new PlatformError('unavailable', 'The node is not registered yet.', { retryAfterMs: 500 });
    const leaseMs = this.#leases.renew(nodeId);
    return leaseMs === null ? set : { ...set, leaseMs };
  }

  /** Records the facts in order. When this resolves they are in the log. */
  async record(nodeId: string, facts: readonly Fact[]): Promise<{ acknowledged: number }> {
    const leader = this.#leadership.leader();
    const durable: Promise<void>[] = [];
    let isUnheeded = false;
    for (const fact of facts) {
      const placed = this.#placedOn(leader, nodeId, fact.jobId);
      // A fact about an attempt that the log does not give to this node has no effect.
      if (!placed) {
        isUnheeded = true;
        continue;
      }
      const command = { ...commandOf(fact, this.#now()), ...rankOf(placed.part) };
      durable.push(leader.execute(fact.jobId, command, agentIdentity(leader, nodeId, fact)).durable);
    }
    // In the same turn, so that the next job's assignment travels to the log right behind the end of the last one.
    if (facts.some((fact) => CHANGES_THE_PLAN.has(fact.type))) leader.pass();
    // The agent forgets what is acknowledged: it may have told it before, and that not be durable, or another leader know better.
    if (isUnheeded) durable.push(leader.confirmed());
    await Promise.all(durable);
    return { acknowledged: facts.at(-1)?.seq ?? 0 };
  }

  async secrets(nodeId: string, key: HeldAttempt): Promise<{ values: Record<string, string>; token: string }> {
    const leader = this.#leadership.leader();
    const state = this.#placedOn(leader, nodeId, key.jobId)?.state;
    if (!state || state.attempt.number !== key.attempt) {
      await leader.confirmed();
      throw new PlatformError('not_found', 'This attempt is not assigned to this node.');
    }
    const [values, token] = await Promise.all([
      state.spec.secrets.length > 0 ? this.#catalogue.resolveSecrets(state.ownerId, state.spec.secrets) : {},
      this.#catalogue.issueJobToken(state.ownerId, key.jobId, key.attempt),
    ]);
    return { values, token };
  }

  #placedOn(leader: Leader, nodeId: string, jobId: string): { state: PlacedJob; part: Part } | null {
    const state = leader.ledger.active(jobId)?.state;
    if (!state || !isPlaced(state)) return null;
    const part = partOn(state, nodeId);
    return part ? { state, part } : null;
  }

  /** An agent that has lost its journal would start its attempts again: what it has started once and lacks is lost. */
  async #endMissing(leader: Leader, nodeId: string, held: readonly HeldAttempt[]): Promise<void> {
    const has = new Set(held.map((attempt) => `${attempt.jobId}.${attempt.attempt}`));
    const missing = leader.ledger.placedOn(nodeId).filter(({ id, state, part }) => {
      const key = `${id}.${state.attempt.number}.${nodeId}`;
      if (part.isTakenUp && !has.has(`${id}.${state.attempt.number}`)) return this.#isMissedLongEnough(key);
      this.#missingSince.delete(key);
      return false;
    });
    if (missing.length === 0) return;
    const fence = await this.#outputPositions();
    const message = 'The agent has no trace of the attempt any more.';
    const ended = missing.map(({ id, state, part }) => {
      this.#missingSince.delete(`${id}.${state.attempt.number}.${nodeId}`);
      const command = lostCommand(state.attempt.number, part, { message, now: this.#now(), fence });
      return leader.execute(id, command, leader.systemIdentity(`agent ${nodeId} lacks it`)).durable;
    });
    await Promise.all(ended);
    leader.kick();
  }

  #isMissedLongEnough(key: string): boolean {
    const since = this.#missingSince.get(key) ?? this.#monotonic();
    this.#missingSince.set(key, since);
    return this.#monotonic() - since >= MISSING_FOR_MS;
  }
}

function commandOf(fact: Fact, now: number): JobCommand {
  switch (fact.type) {
    case 'starting':
      return { type: 'RecordStarting', attempt: fact.attempt };
    case 'staged': {
      const staged = { type: 'RecordStaged', attempt: fact.attempt, at: fact.at } as const;
      return fact.port === undefined ? staged : { ...staged, port: fact.port };
    }
    case 'started': {
      const started = { type: 'RecordStarted', attempt: fact.attempt, at: fact.at } as const;
      return fact.devices === undefined ? started : { ...started, devices: fact.devices };
    }
    case 'taken':
      return { type: 'RecordTaken', attempt: fact.attempt, at: fact.at };
    case 'released':
      return { type: 'RecordReleased', attempt: fact.attempt, at: fact.at };
    case 'revoked':
      return { type: 'RecordRevoked', attempt: fact.attempt };
    case 'checkpointed': {
      const { attempt, at, checkpoints } = fact;
      return { type: 'RecordCheckpointed', attempt, at, checkpoints };
    }
    case 'ended':
      return { type: 'RecordEnded', attempt: fact.attempt, result: fact.result, now };
    default:
      return fact satisfies never;
  }
}

function agentIdentity(leader: Leader, nodeId: string, fact: Fact) {
  return { ...leader.systemIdentity(`fact ${fact.seq}`), actor: `agent:${nodeId}`, credentialId: `agent:${nodeId}` };
}
