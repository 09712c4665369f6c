// What people ask about jobs: submit, cancel, rerun, read.
import {
  type AttemptView,
  canRead,
  canWrite,
  isFinal,
  type JobEvent,
  type JobEventView,
  type JobSpec,
  type JobView,
  type Owned,
  type PinnedSpec,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { RecordedCommit } from '@baton/event-store';
import { type ExistingJob, evolveJob, initialJob, isWaiting, type JobState } from '../domain/job.ts';
import type { KnownNode } from '../domain/ledger.ts';
import { explainLine, explainWait } from '../domain/schedule/explain.ts';
import { whyNever } from '../domain/schedule/fit.ts';
import { shapeOf } from '../domain/schedule/snapshot.ts';
import type { JobDocument } from '../projections/job-document.ts';
import { withCordonWords } from './cordon-words.ts';
import type { Leader } from './leader.ts';
import type { Leadership } from './leadership.ts';
import type { Nodes } from './nodes.ts';
import { pinOwnership, pinSpec } from './pin-spec.ts';
import type { Caller, Catalogue, CommandIdentity, Ids, JobLog } from './ports.ts';
import type { StagingProgress } from './staging-progress.ts';

export interface JobsPorts {
  readonly leadership: Leadership;
  readonly nodes: Nodes;
  readonly catalogue: Catalogue;
  readonly log: JobLog;
  readonly ids: Ids;
  readonly progress: StagingProgress;
  readonly now: () => number;
  readonly identify: (caller: Caller, subject: string, body: unknown) => CommandIdentity;
}

export interface Accepted {
  readonly id: string;
  readonly revision: number;
}

export class Jobs {
  readonly #ports: JobsPorts;

  constructor(ports: JobsPorts) {
    this.#ports = ports;
  }

  async submit(caller: Caller, spec: JobSpec): Promise<Accepted> {
    refuseJobToken(caller);
    const identity = this.#ports.identify(caller, 'submit', spec);
    const answered = await this.#answeredBefore(caller, identity);
    if (answered) return answered;
    const pinned = await pinSpec(spec, caller, this.#ports.catalogue, (ref) => this.#ports.nodes.find(ref)?.id);
    this.#refuseUnsatisfiable(pinned);
    const owned = await pinOwnership(spec, caller, this.#ports.catalogue);
    return this.#create(caller, identity, { spec: pinned, owned, rerunOf: null });
  }

  async rerun(caller: Caller, id: string): Promise<Accepted> {
    refuseJobToken(caller);
    const identity = this.#ports.identify(caller, 'rerun', { id });
    const answered = await this.#answeredBefore(caller, identity);
    if (answered) return answered;
    const { spec, groupId, visibility } = await this.#load(caller, id);
    this.#refuseUnsatisfiable(spec);
    const missing =
      spec.secrets.length > 0 ? await this.#ports.catalogue.missingSecrets(caller.principal.userId, spec.secrets) : [];
    if (missing.length > 0)
      throw new PlatformError('invalid_input', `You have no secret named ${missing.join(', ')}; set it first.`);
    const owned = { ownerId: caller.principal.userId, groupId, visibility };
    return this.#create(caller, identity, { spec, owned, rerunOf: id });
  }

  async #create(
    caller: Caller,
    identity: CommandIdentity,
    job: { spec: PinnedSpec; owned: Owned; rerunOf: string | null },
  ): Promise<Accepted> {
    const leader = this.#ports.leadership.leader();
    const id = this.#idFor(caller);
    // While the names were being resolved the same request may have arrived a second time.
    if (leader.ledger.has(id)) return this.#repeated(id, identity);
    const written = leader.execute(id, { type: 'Submit', ...job }, identity);
    leader.kick();
    await written.durable;
    return { id, revision: written.revision };
  }

  #idFor({ principal, meta }: Caller): string {
    const { ids } = this.#ports;
    return meta.idempotencyKey === undefined ? ids.newJobId() : ids.derivedJobId(principal, meta.idempotencyKey);
  }

  /** The first answer, if this very command was carried out before. */
  async #answeredBefore(caller: Caller, identity: CommandIdentity): Promise<Accepted | null> {
    if (caller.meta.idempotencyKey === undefined) return null;
    const id = this.#idFor(caller);
    return this.#ports.leadership.leader().ledger.has(id) ? this.#repeated(id, identity) : null;
  }

  async #repeated(id: string, identity: CommandIdentity): Promise<Accepted> {
    await this.#ports.log.flushed();
    const first = (await this.#ports.log.readJob(id))[0];
    if (first && first.commandId === identity.commandId && first.requestHash === identity.requestHash)
      return { id, revision: first.revision };
    throw new PlatformError(
      'idempotency_key_reused',
      'This Idempotency-Key was used with another request; choose a new one.',
    );
  }

  async cancel(caller: Caller, id: string, reason: string): Promise<Accepted> {
    const leader = this.#ports.leadership.leader();
    const record = leader.ledger.active(id);
    const state = record?.state ?? (await this.#load(caller, id));
    if (!canRead(caller.principal, state)) throw noSuchJob(id);
    if (!canWrite(caller.principal, state))
      throw new PlatformError('forbidden', 'Only its owner or an admin can cancel this job.');
    if (!record) throw new PlatformError('conflict', `The job has already ${state.phase}.`);
    const command = { type: 'Cancel', by: caller.principal.userId, reason } as const;
    const written = leader.execute(id, command, this.#ports.identify(caller, 'cancel', { id, reason }));
    leader.pushNodesOf(id);
    leader.kick();
    await written.durable;
    return { id, revision: written.revision };
  }

  async events(caller: Caller, id: string): Promise<JobEventView[]> {
    const commits = await this.#commits(caller, id);
    return commits.map(({ position, revision, at, actor, events }) => ({ position, revision, at, actor, events }));
  }

  /** Adds to a document what no event says: why it waits, and whether its node is heard. */
  view(document: JobDocument): JobView {
    const { active: _active, nodeId, ...view } = document;
    const nodes = this.#ports.nodes.known();
    const ranks = view.attempts.at(-1)?.ranks?.filter(({ endedAt }) => endedAt === null);
    const used = new Set(ranks?.map((rank) => rank.nodeId) ?? [nodeId]);
    const unreachable = !isFinal(view.state) && nodes.some(({ id, state }) => used.has(id) && !state.reachable);
    return {
      ...view,
      flags: { ...view.flags, unreachable },
      attempts: view.attempts.map((attempt) => named(attempt, nodes)),
      waiting: view.state === 'queued' || view.state === 'assigned' ? this.#waiting(view.id, nodes) : null,
    };
  }

  #waiting(id: string, nodes: readonly KnownNode[]): JobView['waiting'] {
    const leader: Leader | null = this.#ports.leadership.current();
    const record = leader?.ledger.active(id);
    if (!leader || !record) return null;
    const snapshot = leader.ledger.snapshot(nodes);
    if (isWaiting(record.state)) {
      const { nodeId, number } = record.state.attempt;
      return explainLine(id, snapshot, this.#ports.progress.of(nodeId, id, number));
    }
    if (record.state.phase !== 'queued') return null;
    const { spec, notBefore } = record.state;
    const job = { id, shape: shapeOf(spec), order: record.order, notBefore };
    return withCordonWords(explainWait(job, snapshot, this.#ports.now()), job.shape, nodes);
  }

  #refuseUnsatisfiable(spec: PinnedSpec): void {
    const nodes = this.#ports.nodes.known().map(({ id, state }) => ({ id, description: state.description }));
    const why = whyNever(shapeOf(spec), nodes);
    if (why !== null) throw new PlatformError('unsatisfiable', why.message, { issues: [...why.issues] });
  }

  async #load(caller: Caller, id: string): Promise<ExistingJob> {
    const commits = await this.#commits(caller, id);
    const state = commits.flatMap((commit) => commit.events as JobEvent[]).reduce<JobState>(evolveJob, initialJob);
    if (state.phase === 'none') throw noSuchJob(id);
    return state;
  }

  async #commits(caller: Caller, id: string): Promise<RecordedCommit[]> {
    const commits = await this.#ports.log.readJob(id);
    const first = commits[0]?.events[0] as JobEvent | undefined;
    if (first?.type !== 'JobSubmitted' || !canRead(caller.principal, first.data)) throw noSuchJob(id);
    return commits;
  }
}

export function noSuchJob(id: string): PlatformError {
  return new PlatformError('not_found', `There is no job ${id}.`);
}

function refuseJobToken({ principal }: Caller): void {
  if (principal.kind === 'job') throw new PlatformError('forbidden', "A job's own token can't submit jobs.");
}

function named(attempt: AttemptView, nodes: readonly KnownNode[]): AttemptView {
  const { ranks } = attempt;
  const view = { ...attempt, nodeName: nameOf(nodes, attempt.nodeId) };
  if (ranks === undefined) return view;
  return { ...view, ranks: ranks.map((rank) => ({ ...rank, nodeName: nameOf(nodes, rank.nodeId) })) };
}

function nameOf(nodes: readonly KnownNode[], id: string): string {
  return nodes.find((node) => node.id === id)?.state.description.name ?? id;
}
