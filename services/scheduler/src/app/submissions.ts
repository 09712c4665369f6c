// New jobs: one, a whole array, or an old one once more.
import {
  canRead,
  type JobEvent,
  type JobSpec,
  type JobSubmission,
  type Owned,
  type PinnedSpec,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { RecordedCommit } from '@baton/event-store';
import { whyNever } from '../domain/schedule/able.ts';
import { engineNode } from '../domain/schedule/engine-node.ts';
import { engineShapeOf } from '../domain/schedule/engine-shape.ts';
import { ArraySubmission, arrayIdOf, firstJobOf, isArrayId } from './array-submission.ts';
import { loadJob, readCommits } from './job-commits.ts';
import type { Leadership } from './leadership.ts';
import type { Nodes } from './nodes.ts';
import { planArray, rerunSpec } from './pin-scheduling.ts';
import { pinOwnership, pinSpec } from './pin-spec.ts';
import type { Caller, Catalogue, CommandIdentity, Ids, JobLog } from './ports.ts';
import { refuse } from './refuse-spec.ts';
import { refusedForSure } from './sure-refusal.ts';

export interface SubmissionPorts {
  readonly leadership: Leadership;
  readonly nodes: Nodes;
  readonly catalogue: Catalogue;
  readonly log: JobLog;
  readonly ids: Ids;
  readonly now: () => number;
  /** Of the present policy. */
  readonly classNames: () => readonly string[];
  readonly identify: (caller: Caller, subject: string, body: unknown) => CommandIdentity;
}

interface NewJob {
  readonly spec: PinnedSpec;
  readonly owned: Owned;
}

export class Submissions {
  readonly #ports: SubmissionPorts;

  constructor(ports: SubmissionPorts) {
    this.#ports = ports;
  }

  submit(caller: Caller, spec: JobSpec): Promise<JobSubmission> {
    return refusedForSure(this.#ports.leadership, () => this.#submit(caller, spec));
  }

  async #submit(caller: Caller, spec: JobSpec): Promise<JobSubmission> {
    refuseJobToken(caller);
    const identity = this.#ports.identify(caller, 'submit', spec);
    const id = this.#idFor(caller);
    const answered = await this.#answeredBefore(caller, { id, identity, spec });
    if (answered) return answered;
    const { catalogue, nodes, classNames, now } = this.#ports;
    const plan = planArray(spec);
    const findNode = (ref: string) => nodes.find(ref)?.id;
    const pinned = await pinSpec(spec, caller, catalogue, { findNode, classNames, now });
    this.#refuseUnsatisfiable(pinned);
    await this.#checkPredecessors(caller, pinned, id);
    const owned = await pinOwnership(spec, caller, catalogue);
    const job = { spec: pinned, owned };
    // While the names were being resolved the same request may have arrived a second time.
    if (this.#ports.leadership.leader().ledger.has(id)) return this.#repeated(id, identity, spec);
    if (plan !== null) return new ArraySubmission(this.#ports, { plan, job, identity, firstId: id }).submit();
    return this.#create(id, { ...job, rerunOf: null }, identity);
  }

  rerun(caller: Caller, id: string): Promise<JobSubmission> {
    return refusedForSure(this.#ports.leadership, () => this.#rerun(caller, id));
  }

  async #rerun(caller: Caller, id: string): Promise<JobSubmission> {
    refuseJobToken(caller);
    const identity = this.#ports.identify(caller, 'rerun', { id });
    const newId = this.#idFor(caller);
    const answered = await this.#answeredBefore(caller, { id: newId, identity, spec: {} });
    if (answered) return answered;
    const { spec, groupId, visibility } = await loadJob(this.#ports.log, caller, id);
    this.#refuseUnsatisfiable(spec);
    await this.#refuseMissingSecrets(caller, spec);
    const owned = { ownerId: caller.principal.userId, groupId, visibility };
    if (this.#ports.leadership.leader().ledger.has(newId)) return this.#repeated(newId, identity, {});
    return this.#create(newId, { spec: rerunSpec(spec), owned, rerunOf: id }, identity);
  }

  async #create(
    id: string,
    job: NewJob & { rerunOf: string | null },
    identity: CommandIdentity,
  ): Promise<JobSubmission> {
    const leader = this.#ports.leadership.leader();
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
  async #answeredBefore(caller: Caller, request: RepeatedRequest): Promise<JobSubmission | null> {
    if (caller.meta.idempotencyKey === undefined) return null;
    const { id, identity, spec } = request;
    return this.#ports.leadership.leader().ledger.has(id) ? this.#repeated(id, identity, spec) : null;
  }

  async #repeated(id: string, identity: CommandIdentity, spec: Pick<JobSpec, 'array'>): Promise<JobSubmission> {
    await this.#ports.leadership.leader().confirmed();
    const first = (await this.#ports.log.readJob(id))[0];
    if (!first || first.commandId !== identity.commandId || first.requestHash !== identity.requestHash)
      throw new PlatformError(
        'idempotency_key_reused',
        'This Idempotency-Key was used with another request; choose a new one.',
      );
    const plan = planArray({ command: [], ...spec });
    if (plan === null) return { id, revision: first.revision };
    // Pinned as it was the first time: all jobs of an array are alike. What is there already stays as it is.
    return new ArraySubmission(this.#ports, { plan, job: submittedAs(first), identity, firstId: id }).submit();
  }

  async #refuseMissingSecrets(caller: Caller, { secrets }: PinnedSpec): Promise<void> {
    const { catalogue } = this.#ports;
    const missing = secrets.length > 0 ? await catalogue.missingSecrets(caller.principal.userId, secrets) : [];
    if (missing.length > 0)
      throw new PlatformError('invalid_input', `You have no secret named ${missing.join(', ')}; set it first.`);
  }

  #refuseUnsatisfiable(spec: PinnedSpec): void {
    const nodes = this.#ports.nodes.known().map((node) => engineNode(node, null));
    const why = whyNever(engineShapeOf(spec), nodes);
    if (why !== null) throw new PlatformError('unsatisfiable', why.message, { issues: [...why.issues] });
  }

  /** They must be there, for the caller to read: so no two jobs can wait for each other. */
  async #checkPredecessors(caller: Caller, { after = [] }: PinnedSpec, ownId: string): Promise<void> {
    const { ledger } = this.#ports.leadership.leader();
    for (const [index, { jobId }] of after.entries()) {
      const pointer = `/after/${index}/job`;
      if (jobId === ownId || jobId === arrayIdOf(ownId)) refuse(pointer, 'is this job itself');
      const state = ledger.active(jobId)?.state;
      if (state !== undefined && canRead(caller.principal, state)) continue;
      const isThere = state === undefined && ledger.has(jobId) && (await this.#mayRead(caller, jobId));
      if (!isThere) refuse(pointer, `names no job: "${jobId}"`);
    }
  }

  async #mayRead(caller: Caller, id: string): Promise<boolean> {
    try {
      await readCommits(this.#ports.log, caller, isArrayId(id) ? firstJobOf(id) : id);
      return true;
    } catch (error) {
      if (error instanceof PlatformError && error.code === 'not_found') return false;
      throw error;
    }
  }
}

interface RepeatedRequest {
  readonly id: string;
  readonly identity: CommandIdentity;
  readonly spec: Pick<JobSpec, 'array'>;
}

function submittedAs(commit: RecordedCommit): NewJob {
  const { spec, ownerId, groupId, visibility } = (commit.events[0] as Extract<JobEvent, { type: 'JobSubmitted' }>).data;
  return { spec, owned: { ownerId, groupId, visibility } };
}

function refuseJobToken({ principal }: Caller): void {
  if (principal.kind === 'job') throw new PlatformError('forbidden', "A job's own token can't submit jobs.");
}
