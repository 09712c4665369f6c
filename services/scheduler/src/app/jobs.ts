// What people ask about jobs that are there: cancel, hold, release, read.
import {
  type AttemptView,
  canRead,
  canWrite,
  type ChangedJobs,
  isFinal,
  type JobEventView,
  type JobStateName,
  type JobView,
} from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { type ExistingJob, isPlaced, isWaiting } from '../domain/job.ts';
import type { JobCommand } from '../domain/job.commands.ts';
import type { KnownNode } from '../domain/ledger.ts';
import { explainLine, explainStaging, explainWait } from '../domain/schedule/explain.ts';
import { engineShapeOf } from '../domain/schedule/engine-shape.ts';
import type { JobDocument } from '../projections/job-document.ts';
import { firstJobOf, isArrayId } from './array-submission.ts';
import { withCordonWords } from './cordon-words.ts';
import { loadJob, noSuchJob, readCommits } from './job-commits.ts';
import type { Leader, Written } from './leader.ts';
import type { Leadership } from './leadership.ts';
import type { Nodes } from './nodes.ts';
import type { Caller, CommandIdentity, JobLog } from './ports.ts';
import { readableIn } from './readable-in.ts';
import { refusedForSure } from './sure-refusal.ts';
import type { StagingProgress } from './staging-progress.ts';
import { Turns } from './turns.ts';

/** It waits for its turn, or for what it needs. */
const WITHOUT_PROCESS: ReadonlySet<JobStateName> = new Set(['queued', 'assigned', 'starting']);

export interface JobsPorts {
  readonly leadership: Leadership;
  readonly nodes: Nodes;
  readonly log: JobLog;
  readonly progress: StagingProgress;
  readonly now: () => number;
  readonly identify: (caller: Caller, subject: string, body: unknown) => CommandIdentity;
}

export class Jobs {
  readonly #ports: JobsPorts;

  constructor(ports: JobsPorts) {
    this.#ports = ports;
  }

  /** Of a job or of a whole array; as are the two that follow. */
  cancel(caller: Caller, id: string, reason: string): Promise<ChangedJobs> {
    const command = { type: 'Cancel', by: caller.principal.userId, reason } as const;
    return this.#change(caller, id, { command, verb: 'cancel', body: { id, reason } });
  }

  hold(caller: Caller, id: string): Promise<ChangedJobs> {
    const command = { type: 'Hold', by: caller.principal.userId } as const;
    return this.#change(caller, id, { command, verb: 'hold', body: { id } });
  }

  release(caller: Caller, id: string): Promise<ChangedJobs> {
    const command = { type: 'Release', by: caller.principal.userId } as const;
    return this.#change(caller, id, { command, verb: 'release', body: { id } });
  }

  async #change(caller: Caller, id: string, change: JobChange): Promise<ChangedJobs> {
    return refusedForSure(this.#ports.leadership, () =>
      isArrayId(id) ? this.#changeArray(caller, id, change) : this.#changeJob(caller, id, change),
    );
  }

  async #changeJob(caller: Caller, id: string, { command, verb, body }: JobChange): Promise<ChangedJobs> {
    const leader = this.#ports.leadership.leader();
    const record = leader.ledger.active(id);
    const state = record?.state ?? (await loadJob(this.#ports.log, caller, id));
    refuseUnlessWritable(caller, { id, state, verb });
    if (!record) throw new PlatformError('conflict', `The job has already ${state.phase}.`);
    const written = leader.execute(id, command, this.#ports.identify(caller, verb, body));
    leader.pushNodesOf(id);
    leader.kick();
    await written.durable;
    return { id, revision: written.revision };
  }

  /** What refuses it, as a running job refuses to be held, stays as it is; unless all do. */
  async #changeArray(caller: Caller, id: string, { command, verb, body }: JobChange): Promise<ChangedJobs> {
    const { leadership, identify } = this.#ports;
    const leader = leadership.leader();
    const members = leader.ledger.membersOf(id);
    const first = leader.ledger.active(members[0] ?? '')?.state ?? (await this.#endedArray(caller, id));
    refuseUnlessWritable(caller, { id, state: first, verb });
    const identity = identify(caller, verb, body);
    const turns = new Turns(leadership, leader);
    let changed = 0;
    let refused: Error | null = null;
    let last: Written | null = null;
    for (const member of members) {
      const written = tried(() => leader.execute(member, command, identity));
      if (written instanceof Error) {
        refused = written;
        continue;
      }
      changed += 1;
      last = written;
      leader.pushNodesOf(member);
      await turns.after(written);
    }
    leader.kick();
    await last?.durable;
    if (changed === 0 && refused !== null) throw refused;
    return { id, revision: 1, jobs: changed };
  }

  async #endedArray(caller: Caller, id: string): Promise<never> {
    const { array } = await loadJob(this.#ports.log, caller, firstJobOf(id)).catch((error: unknown) => {
      throw hasCode(error, 'not_found') ? noSuchArray(id) : error;
    });
    if (array === null) throw noSuchArray(id);
    throw new PlatformError('conflict', 'All jobs of the array are over.');
  }

  async events(caller: Caller, id: string): Promise<JobEventView[]> {
    const commits = await readCommits(this.#ports.log, caller, id);
    return commits.map(({ position, revision, at, actor, events }) => ({ position, revision, at, actor, events }));
  }

  /** Adds to a document what no event says: why it waits, and whether its node is heard. As who asks may know it. */
  view(document: JobDocument, principal: Caller['principal']): JobView {
    const { active: _active, arrayId: _arrayId, onNodes: _onNodes, nodeId, ...view } = document;
    const nodes = this.#ports.nodes.known();
    const ranks = view.attempts.at(-1)?.ranks?.filter(({ endedAt }) => endedAt === null);
    const used = new Set(ranks?.map((rank) => rank.nodeId) ?? [nodeId]);
    const isCutOff = ({ id, state }: KnownNode) => !state.reachable || this.#ports.nodes.isSilent(id);
    const unreachable = !isFinal(view.state) && nodes.some((node) => used.has(node.id) && isCutOff(node));
    return {
      ...view,
      flags: { ...view.flags, unreachable },
      attempts: view.attempts.map((attempt) => named(attempt, nodes)),
      waiting: WITHOUT_PROCESS.has(view.state) ? this.#waitingFor(principal, view.id, nodes) : null,
    };
  }

  #waitingFor(principal: Caller['principal'], id: string, nodes: readonly KnownNode[]): JobView['waiting'] {
    const wait = this.#waiting(id, nodes);
    const ledger = this.#ports.leadership.current()?.ledger;
    if (!wait || !ledger) return wait;
    return { ...wait, heldBy: wait.heldBy.filter(readableIn(ledger, principal)) };
  }

  /** As the log has it: why it waited is told by `why` for that time. */
  pastView(document: JobDocument): JobView {
    const { active: _active, arrayId: _arrayId, onNodes: _onNodes, nodeId: _nodeId, ...view } = document;
    const nodes = this.#ports.nodes.known();
    return { ...view, attempts: view.attempts.map((attempt) => named(attempt, nodes)), waiting: null };
  }

  #waiting(id: string, nodes: readonly KnownNode[]): JobView['waiting'] {
    const leader: Leader | null = this.#ports.leadership.current();
    const record = leader?.ledger.active(id);
    if (!leader || !record) return null;
    const { engine } = leader.ledger;
    leader.refresh(this.#ports.now());
    const { progress } = this.#ports;
    if (isWaiting(record.state)) return explainLine(id, engine, progress.of(id, record.state));
    if (isPlaced(record.state)) return explainStaging(progress.of(id, record.state));
    if (record.state.phase !== 'queued') return null;
    const wait = explainWait(id, engine, { gate: leader.ledger.gate(id), now: this.#ports.now() });
    return withCordonWords(wait, engineShapeOf(record.state.spec), nodes);
  }
}

interface JobChange {
  readonly command: JobCommand;
  readonly verb: 'cancel' | 'hold' | 'release';
  readonly body: unknown;
}

function refuseUnlessWritable(
  { principal }: Caller,
  { id, state, verb }: { readonly id: string; readonly state: ExistingJob; readonly verb: JobChange['verb'] },
): void {
  if (!canRead(principal, state)) throw isArrayId(id) ? noSuchArray(id) : noSuchJob(id);
  if (!canWrite(principal, state))
    throw new PlatformError('forbidden', `Only its owner or an admin can ${verb} this job.`);
}

/** What it answers, or how it is refused in the present state. */
function tried(execute: () => Written): Written | Error {
  try {
    return execute();
  } catch (error) {
    if (error instanceof Error && (hasCode(error, 'conflict') || hasCode(error, 'not_found'))) return error;
    throw error;
  }
}

function noSuchArray(id: string): PlatformError {
  return new PlatformError('not_found', `There is no array ${id}.`);
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
