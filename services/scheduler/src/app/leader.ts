// The scheduler while it leads: the single writer of job streams. Commands change the ledger at once and answer when durable.
import {
  type Commit,
  type DesiredSet,
  ENVELOPE_VERSION,
  type JobEvent,
  type Policy,
  type StartForecast,
} from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { type JobCommand, jobDecider } from '../domain/job.commands.ts';
import { isPlaced, partsOf } from '../domain/job.ts';
import type { JobRecord } from '../domain/job-record.ts';
import { JobLedger, type KnownNode } from '../domain/ledger.ts';
import type { Booking, Plan } from '../domain/schedule/engine-model.ts';
import { type Treatment, treatedDifferently } from '../domain/schedule/treatments.ts';
import { LedgerHistory } from './ledger-history.ts';
import { WORTH_COMMITS } from './refresh-snapshot.ts';
import type { AgentLink, CommandIdentity, Ids, Issued, JobLog, Snapshots } from './ports.ts';

const FULL_RETRY_MS = 1_000;
/** Looks at the clock at least so often while something waits for a time: clocks are set, and timers hold no more than 25 days. */
const LONGEST_SLEEP_MS = 60_000;
const SYSTEM = 'system:scheduler';
/** Of one rank's fact: all its nodes are to know. */
const CONCERNS_ALL_RANKS: ReadonlySet<JobEvent['type']> = new Set(['GangPermitted', 'RanksStopped']);

export interface LeaderPorts {
  readonly log: JobLog;
  /** The whole log is read at each start if absent. */
  readonly snapshots?: Snapshots;
  readonly agents: AgentLink;
  readonly ids: Ids;
  readonly now: () => number;
  readonly nodes: () => Iterable<KnownNode>;
  /** The one in force. */
  readonly policy: () => Policy;
  /** Those that are not over. */
  readonly bookings: (now: number) => readonly Booking[];
  readonly installationId: string;
  /** When the log was restored from a backup last, in milliseconds since the Unix epoch; never if absent. */
  readonly restoredAt?: number;
  /** Told of each pass; says what was forecast of a job that waits, to be recorded with its assignment. Absent: nothing is. */
  readonly forecasts?: { passed(leader: Leader): void; first(jobId: string): StartForecast | undefined };
  readonly report: (error: unknown, where: string) => void;
}

export interface Written {
  readonly revision: number;
  readonly durable: Promise<void>;
}

export class Leader {
  #ledger = new JobLedger();
  readonly #ports: LeaderPorts;
  #term = 0;
  #position = 0;
  #passWaits = false;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(ports: LeaderPorts) {
    this.#ports = ports;
  }

  get ledger(): JobLedger {
    return this.#ledger;
  }

  /** Of the last commit, in the log. */
  get position(): number {
    return this.#position;
  }

  /** Rebuilds the ledger from the log, or from a snapshot and what follows it, and takes the term after the highest in it. */
  async rebuild(termHint: number): Promise<void> {
    const { snapshots } = this.#ports;
    const history = await (snapshots ? snapshots.making(() => this.#read(snapshots)) : this.#read());
    this.#ledger = history.loaded();
    this.#position = history.position;
    this.#term = Math.max(termHint, history.term) + 1;
  }

  async #read(snapshots?: Snapshots): Promise<LedgerHistory> {
    const { log, report } = this.#ports;
    const failed = (error: unknown) => report(error, 'snapshot of the ledger');
    const before = await snapshots?.latest().catch(failed);
    const history = new LedgerHistory(before ?? null);
    for await (const commits of log.replay(history.position)) for (const commit of commits) history.take(commit);
    // Much was read: the next start is spared it.
    if (snapshots && history.position - (before?.position ?? 0) >= WORTH_COMMITS) {
      const snapshot = history.snapshot();
      snapshots.making(() => snapshots.save(snapshot)).catch(failed);
    }
    return history;
  }

  /** Decides on the present state and issues the commit; throws what the decider refuses. */
  execute(jobId: string, command: JobCommand, identity: CommandIdentity): Written {
    if (this.#isStopped) throw lostTheLog();
    const record = this.ledger.active(jobId);
    const events = jobDecider.decide(command, record?.state ?? jobDecider.initialState);
    // That nothing is left to be done may rest on what is not durable yet, or on what another leader has undone.
    if (events.length === 0) return { revision: record?.revision ?? 0, durable: observed(this.confirmed()) };
    const commit = this.#envelope(record, events, identity);
    const issued = this.#ports.log.issue(jobId, commit);
    this.ledger.apply(jobId, events, { ...issued, revision: commit.revision, at: commit.at });
    this.#position = issued.position;
    if (events.some((event) => CONCERNS_ALL_RANKS.has(event.type))) this.pushNodesOf(jobId);
    return { revision: commit.revision, durable: watched(issued) };
  }

  /** Resolves when all that this leader has issued is durable, and it is certain that it leads: before it says what no write backs. */
  async confirmed(): Promise<void> {
    if (this.#isStopped) throw lostTheLog();
    await this.#ports.log.confirmed().catch((error: unknown) => {
      throw lostTheLog(error);
    });
  }

  /** Sends every node that has something of the job its desired set. */
  pushNodesOf(jobId: string): void {
    const state = this.ledger.active(jobId)?.state;
    if (state && isPlaced(state)) for (const { nodeId } of partsOf(state)) this.push(nodeId);
  }

  #envelope(record: JobRecord | undefined, events: readonly JobEvent[], identity: CommandIdentity): Commit {
    return {
      envelopeV: ENVELOPE_VERSION,
      commitId: this.#ports.ids.newCommitId(),
      ...identity,
      term: this.#term,
      revision: (record?.revision ?? 0) + 1,
      prevHash: record?.hash ?? '',
      at: this.#ports.now(),
      events: [...events],
    };
  }

  /** Asks for a pass soon; many changes in one turn share it. */
  kick(): void {
    if (this.#passWaits) return;
    this.#passWaits = true;
    setImmediate(() => {
      this.#passWaits = false;
      this.pass();
    });
  }

  /** One scheduling pass: decides, issues what was decided, and tells the agents when it is durable. */
  pass(): void {
    if (this.#isStopped) return;
    const now = this.#ports.now();
    try {
      const dueAt = this.ledger.release(now);
      this.#wakeAt(dueAt);
      this.#cancelDoomed();
      this.refresh(now);
      const plan = this.ledger.engine.plan(now);
      this.#carryOut(plan);
      this.#wakeAt(earliest(dueAt, plan.nextAt));
      this.#ports.forecasts?.passed(this);
    } catch (error) {
      // What could not be recorded has not happened: it is decided again, until there is room.
      if (hasCode(error, 'storage_full')) this.#wakeAt(now + FULL_RETRY_MS);
      else this.#ports.report(error, 'scheduling pass');
    }
  }

  /** Which jobs another policy would treat otherwise than the one in force, if it were planned now. */
  tryOut(policy: Policy): Treatment[] {
    const now = this.#ports.now();
    this.refresh(now);
    return treatedDifferently(this.ledger.under(this.ledger.engine.policy, now), this.ledger.under(policy, now), now);
  }

  /** What the engine knows beside jobs: nodes, the policy, bookings. */
  refresh(now: number): void {
    const { nodes, policy, bookings } = this.#ports;
    const { engine } = this.ledger;
    if (engine.policy !== policy()) this.ledger.setPolicy(policy(), now);
    this.ledger.setNodes(nodes());
    engine.setBookings(bookings(now));
  }

  #carryOut({ starts, preemptions, revocations, reservations }: Plan): void {
    const order = (jobId: string, command: JobCommand) => this.execute(jobId, command, this.systemIdentity('schedule'));
    for (const { jobId, ...start } of starts) {
      const forecast = this.#ports.forecasts?.first(jobId);
      order(jobId, { type: 'Assign', ...start, ...(forecast === undefined ? {} : { forecast }) });
    }
    for (const { jobId, reason } of revocations) order(jobId, { type: 'RequestRevocation', reason });
    for (const { jobId, forJobId, reason } of preemptions)
      order(jobId, { type: 'RequestPreemption', forJobId, reason });
    for (const { jobId, reservation } of reservations)
      order(jobId, reservation === null ? { type: 'DropReservation' } : { type: 'ReserveStart', ...reservation });
    const ranks = starts.flatMap((start) => start.ranks ?? []);
    for (const nodeId of new Set([...starts, ...revocations, ...ranks].map((change) => change.nodeId)))
      this.push(nodeId);
    for (const { jobId } of preemptions) this.pushNodesOf(jobId);
  }

  /** Jobs whose predecessors have ended so that they can never start; their own dependents follow. */
  #cancelDoomed(): void {
    for (let doomed = this.ledger.doomed(); doomed.length > 0; doomed = this.ledger.doomed()) {
      for (const { id, reason } of doomed)
        this.execute(id, { type: 'Cancel', by: SYSTEM, reason }, this.systemIdentity('predecessor ended'));
    }
  }

  #wakeAt(time: number | null): void {
    clearTimeout(this.#timer);
    if (time === null) return;
    const sleepMs = Math.min(LONGEST_SLEEP_MS, Math.max(0, time - this.#ports.now()));
    this.#timer = setTimeout(() => this.pass(), sleepMs);
  }

  /** Sends the node its desired set as soon as all of it is durable. */
  push(nodeId: string): void {
    if (this.#isStopped) return;
    this.desired(nodeId).then(
      (set) => set && this.#ports.agents.push(nodeId, set),
      (error: unknown) => this.#ports.report(error, 'desired set'),
    );
  }

  /** The node's desired set, when every commit that it reflects is durable; null for an unknown node. Rejects once another leads. */
  async desired(nodeId: string): Promise<DesiredSet | null> {
    // The log is the next one's already: it would not wait for what this one has issued.
    if (this.#isStopped) throw lostTheLog();
    const node = [...this.#ports.nodes()].find((candidate) => candidate.id === nodeId);
    if (!node) return null;
    const set = {
      installationId: this.#ports.installationId,
      revision: firstRevision(this.#ports.restoredAt) + this.#position,
      attempts: this.ledger.desiredOn(node),
    };
    await this.#ports.log.flushed();
    return set;
  }

  systemIdentity(causationId: string): CommandIdentity {
    const id = this.#ports.ids.newCommitId();
    return {
      commandId: id,
      requestHash: '',
      actor: SYSTEM,
      credentialId: SYSTEM,
      correlationId: id,
      causationId,
    };
  }

  /** Another may lead from now on, also in this process: what this one knows is old. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}

/**
 * A restored log is shorter than what agents have seen of it, and they refuse what is older: what they are told counts on above all
 * that they can have heard before that minute. Exact up to the year 2097, for logs of up to 134 million commits.
 */
function firstRevision(restoredAt = 0): number {
  return Math.floor(restoredAt / 60_000) * 2 ** 27;
}

function earliest(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** A rejected write is handled by the leadership, also where nobody waits for this one. */
function watched(issued: Issued): Promise<void> {
  return observed(
    issued.durable.catch((error: unknown) => {
      throw lostTheLog(error);
    }),
  );
}

function observed(durable: Promise<void>): Promise<void> {
  durable.catch(() => {});
  return durable;
}

function lostTheLog(cause?: unknown): PlatformError {
  const message = 'The scheduler lost the log for a moment. Try again with the same Idempotency-Key.';
  return new PlatformError('outcome_unknown', message, { cause, retryAfterMs: 1_000 });
}
