// What admins do with nodes: let a server join, keep jobs from it, send it away; and what a joining agent asks.
import { ID_PREFIX, type OutputPositions, type Principal } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { admissionOf, type NodeState } from '../domain/node.ts';
import { badJoinToken } from '../domain/node.commands.ts';
import type { Leader } from './leader.ts';
import type { Leadership } from './leadership.ts';
import { lostCommand } from './lost-attempt.ts';
import type { NodeRequest, Nodes } from './nodes.ts';
import type { OutputPositionsReader } from './ports.ts';
import { requireAdmin } from './require-admin.ts';

const HOUR_MS = 3_600_000;
const JOIN_HOURS = 24;

/** The secret parts of join tokens and of agents' tokens. */
export interface NodeSecrets {
  random(): string;
  /** The same for the same node, for an addition that is repeated: only the hash was kept. */
  derive(nodeId: string): string;
  hash(secret: string): string;
  /** In constant time. */
  matches(secret: string, hash: string): boolean;
}

export interface NodeAdminPorts {
  readonly nodes: Nodes;
  readonly leadership: Leadership;
  readonly secrets: NodeSecrets;
  /** The same for a repeated idempotency key of the same caller. */
  readonly newNodeId: (principal: Principal, idempotencyKey: string | undefined) => string;
  readonly now: () => number;
  readonly outputPositions: OutputPositionsReader;
  readonly report: (error: unknown, where: string) => void;
}

export class NodeAdmin {
  readonly #ports: NodeAdminPorts;

  constructor(ports: NodeAdminPorts) {
    this.#ports = ports;
    // A removal that was cut short between the node's event and its jobs' is finished by whoever leads next.
    ports.leadership.onLead((leader) => {
      this.#endOnRemoved(leader).catch((error: unknown) => ports.report(error, 'attempts on a removed node'));
    });
  }

  async add(request: NodeRequest, wanted: { readonly name?: string; readonly expiresInHours?: number }) {
    const { nodes, secrets, newNodeId, now } = this.#ports;
    const by = requireAdmin(request.caller);
    const { principal, meta } = request.caller;
    const id = newNodeId(principal, meta.idempotencyKey);
    const taken = nodes.all().some((node) => node.id !== id && isCalled(node.state, wanted.name));
    if (taken) throw new PlatformError('name_taken', `There is a node called ${wanted.name}. Choose another name.`);
    const secret = meta.idempotencyKey === undefined ? secrets.random() : secrets.derive(id);
    const expiresAt = now() + (wanted.expiresInHours ?? JOIN_HOURS) * HOUR_MS;
    const terms = { name: wanted.name ?? null, secretHash: secrets.hash(secret), expiresAt, by };
    const { revision, state } = await nodes.change(id, { type: 'Add', ...terms }, request);
    const promised = state.phase === 'invited' ? state.expiresAt : expiresAt;
    return { id, revision, token: formatToken('join', id, secret), expiresAt: promised };
  }

  /** By whoever has the token. */
  async join(request: NodeRequest, { token, publicKey, tokenHash }: JoinRequest) {
    const { nodes, secrets, now } = this.#ports;
    const { nodeId: id, secret } = parseToken('join', token) ?? refuse(badJoinToken());
    const invited = nodes.state(id);
    const hash = invited.phase === 'invited' ? invited.secretHash : admissionOf(invited)?.secretHash;
    if (hash === undefined || !secrets.matches(secret, hash)) throw badJoinToken();
    const command = { type: 'Join', publicKey, tokenHash, now: now() } as const;
    // The token and its hash are left out of the request's own hash in the log.
    await nodes.change(id, command, { ...request, caller: agentCaller(request, id), body: { id } });
    const name = invited.phase === 'invited' || invited.phase === 'joined' ? invited.name : null;
    return { id, name };
  }

  /** Which node an agent's token is of. */
  async authenticate(token: string): Promise<{ nodeId: string }> {
    const { nodes, secrets } = this.#ports;
    const refusal = () => new PlatformError('unauthenticated', "The agent's token is unknown or revoked.");
    const { nodeId, secret } = parseToken('agent', token) ?? refuse(refusal());
    const admission = admissionOf(nodes.state(nodeId));
    if (!admission || !secrets.matches(secret, admission.tokenHash)) throw refusal();
    return { nodeId };
  }

  async cordon(request: NodeRequest, { id: ref, reason }: NodeChange) {
    const by = requireAdmin(request.caller);
    const { id } = this.#ports.nodes.one(ref);
    const { revision } = await this.#ports.nodes.change(id, { type: 'Cordon', reason: reason ?? '', by }, request);
    return { id, revision };
  }

  async uncordon(request: NodeRequest, ref: string) {
    const by = requireAdmin(request.caller);
    const { id } = this.#ports.nodes.one(ref);
    const { revision } = await this.#ports.nodes.change(id, { type: 'Uncordon', by }, request);
    return { id, revision };
  }

  /** How many jobs that ask for parts may share one of its devices; with 1, none do. Those that run stay. */
  async share(
    request: NodeRequest,
    { id: ref, jobsPerDevice }: { readonly id: string; readonly jobsPerDevice: number },
  ) {
    const by = requireAdmin(request.caller);
    const { id } = this.#ports.nodes.one(ref);
    const { revision } = await this.#ports.nodes.change(id, { type: 'Share', jobsPerDevice, by }, request);
    return { id, revision };
  }

  /** A cordon, and what is still on the node. The scheduling pass calls back what has not started. */
  async drain(request: NodeRequest, change: NodeChange) {
    const { id, revision } = await this.cordon(request, { ...change, reason: change.reason ?? 'drained' });
    const { ledger } = this.#ports.leadership.leader();
    return { id, revision, jobs: ledger.placedOn(id).map((record) => record.id) };
  }

  async remove(request: NodeRequest, { id: ref, reason, force }: NodeChange & { readonly force?: boolean }) {
    const { nodes, leadership, outputPositions } = this.#ports;
    const by = requireAdmin(request.caller);
    const { id } = nodes.one(ref);
    const leader = leadership.leader();
    const seen = { attempts: leader.ledger.placedOn(id).length, heard: nodes.heard(id) };
    const command = { type: 'Remove', reason: reason ?? '', by, force: force ?? false, ...seen } as const;
    // Before anything is changed: what can't be told now is asked for again.
    const fence = await outputPositions();
    const { revision } = await nodes.change(id, command, request);
    await this.#endAttempts(leader, id, fence);
    return { id, revision };
  }

  async #endOnRemoved(leader: Leader): Promise<void> {
    const { nodes, outputPositions } = this.#ports;
    const removed = nodes.all().filter(({ id, state }) => state.phase === 'removed' && isBusy(leader, id));
    if (removed.length === 0) return;
    const fence = await outputPositions();
    await Promise.all(removed.map(({ id }) => this.#endAttempts(leader, id, fence)));
  }

  /** Also one that was placed in the very moment of the removal. */
  async #endAttempts(leader: Leader, nodeId: string, fence: OutputPositions): Promise<void> {
    const placed = leader.ledger.placedOn(nodeId);
    const message = 'Its node was removed by an admin.';
    const ended = placed.map(({ id, state, part }) => {
      const command = lostCommand(state.attempt.number, part, { message, now: this.#ports.now(), fence });
      return leader.execute(id, command, leader.systemIdentity(`node ${nodeId} was removed`)).durable;
    });
    await Promise.all(ended);
    if (ended.length > 0) leader.kick();
  }
}

function isBusy({ ledger }: Leader, nodeId: string): boolean {
  return ledger.placedOn(nodeId).length > 0;
}

interface JoinRequest {
  readonly token: string;
  readonly publicKey: string;
  readonly tokenHash: string;
}
interface NodeChange {
  readonly id: string;
  readonly reason?: string;
}

function refuse(error: PlatformError): never {
  throw error;
}

function agentCaller({ caller }: NodeRequest, nodeId: string): NodeRequest['caller'] {
  const agent = `agent:${nodeId}`;
  const principal: Principal = { kind: 'system', userId: agent, role: 'user', groups: [], credentialId: agent };
  return { principal, meta: { requestId: caller.meta.requestId } };
}

function isCalled(state: NodeState, name: string | undefined): boolean {
  if (name === undefined) return false;
  if (state.phase === 'known') return state.description.name === name;
  return (state.phase === 'invited' || state.phase === 'joined') && state.name === name;
}

const TOKEN_PREFIX = { join: 'baj', agent: 'bag' } as const;
const TOKEN_FORM = /^(ba[jg])_([a-z0-9]{26})_([A-Za-z0-9_-]{43})$/;

function formatToken(kind: keyof typeof TOKEN_PREFIX, nodeId: string, secret: string): string {
  return `${TOKEN_PREFIX[kind]}_${nodeId.slice(ID_PREFIX.node.length + 1)}_${secret}`;
}

function parseToken(kind: keyof typeof TOKEN_PREFIX, text: string): { nodeId: string; secret: string } | null {
  const [, prefix, id, secret] = TOKEN_FORM.exec(text) ?? [];
  if (prefix !== TOKEN_PREFIX[kind] || id === undefined || secret === undefined) return null;
  return { nodeId: `${ID_PREFIX.node}_${id}`, secret };
}
