// All jobs that are not over, as the log says, with the queue and the devices derived from them. No I/O.
import { DEFAULT_POLICY, type DesiredAttempt, type JobEvent, type Policy } from '@baton/contracts';
import { ArrayMembers } from './array-members.ts';
import { desiredAttempt } from './desired-attempt.ts';
import { ForecastBook } from './forecast/forecast-book.ts';
import {
  evolveJob,
  type ExistingJob,
  initialJob,
  isPlaced,
  isTerminal,
  type JobState,
  type TerminalJob,
} from './job.ts';
import type { NodeState } from './node.ts';
import { type PlacedRecord, PlacedJobs } from './placed-jobs.ts';
import { Predecessors } from './predecessors.ts';
import { runningAttempt, usedSince, waitingJob } from './schedule/engine-job.ts';
import { engineNode } from './schedule/engine-node.ts';
import { chargedDevices, engineShapeOf } from './schedule/engine-shape.ts';
import { Engine } from './schedule/engine.ts';
import { UsageLedger } from './schedule/fair-share.ts';
import type { RunningAttempt } from './schedule/engine-model.ts';
import type { CommitPlace, JobRecord } from './job-record.ts';
import type { SavedLedger } from './saved-ledger.ts';
import { type Gate, WaitingRoom } from './waiting-room.ts';

const MAX_ENDED = 4_096;

export interface KnownNode {
  readonly id: string;
  readonly state: Extract<NodeState, { phase: 'known' }>;
  /** Heard from just now. */
  readonly heard: boolean;
}

export class JobLedger {
  /** Knows what waits and what is placed as this does, and plans with it. */
  readonly engine: Engine;
  /** What is learned of run times. */
  readonly forecasts: ForecastBook;
  readonly #jobs = new Map<string, JobRecord>();
  readonly #predecessors = new Predecessors();
  readonly #arrays = new ArrayMembers();
  /** Revisions of the jobs that were over last: whoever has heard of an end shall read it, too. */
  readonly #ended = new Map<string, number>();
  /** Goes on where it stopped: a new look from the beginning would pass by all that was ever deleted there. */
  readonly #fromOldestEnded = this.#ended.keys();
  /** Queued jobs that may not be placed yet; it lets the others into the queue. */
  readonly #room = new WaitingRoom(this.#predecessors, {
    admit: (id) => this.#withRecord(id, (record) => this.engine.queue(waitingJob(record, this.engine.policy))),
    sendBack: (id) => this.engine.unqueue(id),
  });
  readonly #nodes = new Map<string, KnownNode>();
  readonly #placed = new PlacedJobs();
  #isLoading = false;

  /** `saved`: goes on from there, as if all before had been applied; `load` follows at once. */
  constructor(saved?: SavedLedger) {
    this.engine = new Engine(DEFAULT_POLICY, saved && UsageLedger.restore(saved.usage));
    this.forecasts = new ForecastBook(saved?.forecasts);
    if (saved === undefined) return;
    for (const job of saved.jobs) this.#jobs.set(job.id, job);
    for (const [id, revision] of saved.ended) this.#ended.set(id, revision);
    this.#predecessors.restore(saved.outcomes);
    this.#arrays.restore(saved.arrays);
    for (const id of saved.completeArrays) this.#room.completed(id);
    this.engine.backlog.relearn(saved.learned);
  }

  /** A whole history follows: queue and places are derived once, at `loaded`, not at each of its commits. */
  load(): void {
    this.#isLoading = true;
  }

  /** While a history is read: what was read of it so far. */
  save(): SavedLedger {
    return {
      jobs: [...this.#jobs.values()],
      outcomes: this.#predecessors.save(),
      arrays: this.#arrays.save(),
      completeArrays: this.#room.completeArrays(),
      ended: [...this.#ended],
      usage: this.engine.usage.snapshot(),
      learned: this.engine.backlog.learned,
      forecasts: this.forecasts.save(),
    };
  }

  loaded(): void {
    this.#isLoading = false;
    for (const record of this.#jobs.values()) {
      this.#use(record.id, attemptOf(record, this.engine.policy), record.at);
      this.#enter(record);
    }
    this.#room.settle();
  }

  /** While a history is read: the hash of the job's newest commit, which was left out there. */
  addHash(id: string, hash: string): void {
    this.#withRecord(id, (record) => this.#jobs.set(id, { ...record, hash }));
  }

  /** The job, unless it is over or was never there. */
  active(id: string): JobRecord | undefined {
    return this.#jobs.get(id);
  }

  /** All that are not over, in no order. */
  records(): Iterable<JobRecord> {
    return this.#jobs.values();
  }

  /** How many are not over. */
  get size(): number {
    return this.#jobs.size;
  }

  /** Whether the id of a job, or of an array, was ever used. */
  has(id: string): boolean {
    return this.#predecessors.has(id);
  }

  /** Of an array, the jobs that are not over, in the order of their submission. */
  membersOf(arrayId: string): readonly string[] {
    return this.#arrays.of(arrayId);
  }

  /** Why a queued job may not be placed yet; null if it may. */
  gate(id: string): Gate | null {
    return this.#room.gate(id);
  }

  /** Jobs that can never start, because one that they wait for has ended otherwise than it had to. */
  doomed(): readonly { readonly id: string; readonly reason: string }[] {
    return this.#room.doomed();
  }

  /** Jobs that only wait for a time, with that time. */
  delayed(): readonly { readonly id: string; readonly until: number }[] {
    return this.#room.delayed();
  }

  apply(id: string, events: readonly JobEvent[], place: CommitPlace): void {
    const before = this.#jobs.get(id);
    let state: JobState = before?.state ?? initialJob;
    for (const event of events) {
      this.forecasts.follow(id, state, event);
      state = evolveJob(state, event);
    }
    if (before) this.#leave(before);
    if (state.phase === 'none') return;
    if (!before) this.#submitted(id, state);
    if (isTerminal(state)) {
      this.#use(id, null, place.at);
      if (before && state.phase === 'succeeded') this.#learn(before, place.at);
      this.#over(id, state);
      this.#remember(id, place.revision);
    } else {
      // What was reckoned at the submission stays.
      const estimateMs = before === undefined ? this.forecasts.estimateMs(id) : before.estimateMs;
      const record = recordOf({ id, state, estimateMs }, before, place);
      this.#jobs.set(id, record);
      if (this.#isLoading) this.#account(record);
      else this.#use(id, attemptOf(record, this.engine.policy), place.at);
      this.#enter(record);
    }
    this.#room.settle();
  }

  /** What counts as used follows each event, also while a history is read, when nothing else of the engine does: it outlasts the job. */
  #account(record: JobRecord): void {
    const { id, state } = record;
    const { usage } = this.engine;
    const since = isPlaced(state) ? usedSince(state, record.assignedAt) : null;
    if (since === null) usage.end(id, record.at);
    else if (since !== 'waiting' && !usage.counts(id)) {
      const { spec, ownerId: userId, groupId } = state;
      usage.begin(id, { userId, groupId }, chargedDevices(engineShapeOf(spec)), since);
    }
  }

  #use(id: string, attempt: RunningAttempt | null, at: number): void {
    if (this.#isLoading) this.engine.account(id, attempt, at);
    else if (attempt === null) this.engine.release(id, at);
    else this.engine.place(attempt);
  }

  #remember(id: string, revision: number): void {
    this.#ended.set(id, revision);
    if (this.#ended.size <= MAX_ENDED) return;
    const oldest = this.#fromOldestEnded.next();
    if (oldest.done !== true) this.#ended.delete(oldest.value);
  }

  /** The newest that was written of the job, as far as it is remembered; 0 where there is no such job. */
  revisionOf(id: string): number {
    return this.#jobs.get(id)?.revision ?? this.#ended.get(id) ?? (this.has(id) ? 1 : 0);
  }

  #learn({ state }: JobRecord, at: number): void {
    const startedAt = isPlaced(state) ? state.attempt.startedAt : null;
    const { timeLimitMs } = state.spec;
    if (startedAt !== null && timeLimitMs !== null) this.engine.learn(timeLimitMs, state.servedMs + at - startedAt);
  }

  #submitted(id: string, { array }: ExistingJob): void {
    this.#predecessors.note(id, null);
    if (array === null) return;
    this.#predecessors.note(array.id, null);
    this.#arrays.add(array.id, id);
    if (array.index === array.count - 1) this.#room.completed(array.id);
  }

  #over(id: string, { phase, array }: TerminalJob): void {
    this.#jobs.delete(id);
    this.#room.ended(id, phase);
    const whole = array && this.#arrays.end(array.id, id, phase);
    if (array === null || whole === null) return;
    this.#room.forgetArray(array.id);
    this.#room.ended(array.id, whole);
  }

  #enter(record: JobRecord): void {
    if (this.#isLoading) return;
    const { state } = record;
    if (isPlaced(state)) {
      this.#placed.add({ ...record, state });
      this.#room.placed(state, 1);
    } else if (state.phase === 'queued') this.#room.enter({ ...record, state });
  }

  #leave(record: JobRecord): void {
    if (this.#isLoading) return;
    if (this.#placed.delete(record.id)) this.#room.placed(record.state, -1);
    if (this.#room.leave(record)) this.engine.unqueue(record.id);
  }

  #withRecord(id: string, work: (record: JobRecord) => void): void {
    const record = this.#jobs.get(id);
    if (record !== undefined) work(record);
  }

  /** Lets in the jobs whose time has come; tells when the next one's time comes. */
  release(now: number): number | null {
    for (const id of this.#room.due(now)) {
      this.#withRecord(id, (record) => {
        if (record.state.phase !== 'queued') return;
        this.#leave(record);
        const due: JobRecord = { ...record, state: { ...record.state, notBefore: 0 } };
        this.#jobs.set(id, due);
        this.#enter(due);
      });
    }
    this.#room.settle();
    return this.#room.nextDue();
  }

  /** In force from the next plan on. */
  setPolicy(policy: Policy, now: number): void {
    this.engine.setPolicy(policy, now);
    // Those that named no class are of the policy's default.
    for (const id of Array.from(this.engine.waiting(), (job) => job.id))
      this.#withRecord(id, (record) => this.engine.queue(waitingJob(record, policy)));
  }

  /** All that waits and is placed, as another policy would have it: an engine of its own, by which nothing here is changed. */
  under(policy: Policy, now: number): Engine {
    const engine = new Engine(policy, UsageLedger.restore(this.engine.usage.snapshot()));
    engine.setPolicy(policy, now);
    for (const node of this.engine.nodes()) engine.putNode(node);
    engine.setBookings(this.engine.bookings);
    for (const record of this.#placed.values()) {
      const attempt = attemptOf(record, policy);
      if (attempt) engine.place(attempt);
    }
    for (const { id } of this.engine.waiting())
      this.#withRecord(id, (record) => engine.queue(waitingJob(record, policy)));
    return engine;
  }

  /** As they are now; what has not changed costs nothing. */
  setNodes(nodes: Iterable<KnownNode>): void {
    const gone = new Set(this.#nodes.keys());
    for (const node of nodes) {
      gone.delete(node.id);
      const known = this.#nodes.get(node.id);
      if (known?.state === node.state && known.heard === node.heard) continue;
      this.#nodes.set(node.id, node);
      const refuses = !node.heard ? 'node-unreachable' : node.state.cordoned ? 'node-cordoned' : null;
      this.engine.putNode(engineNode(node, refuses));
    }
    for (const id of gone) {
      this.#nodes.delete(id);
      this.engine.removeNode(id);
    }
  }

  /** In the order of placement; of those on several nodes as long as their part there has not ended. */
  placedOn(nodeId: string): PlacedRecord[] {
    return this.#placed.on(nodeId);
  }

  /** What the node is to run, by the log. */
  desiredOn(node: KnownNode): DesiredAttempt[] {
    const { devices } = node.state.description;
    return this.placedOn(node.id).map(({ id, ...placed }) => desiredAttempt(id, placed, devices));
  }
}

function attemptOf(record: JobRecord, policy: Policy): RunningAttempt | null {
  const { state } = record;
  return isPlaced(state) ? runningAttempt({ ...record, state }, policy) : null;
}

/** Each member by its name: spreading others into it is what reading a history would be busy with. */
function recordOf(
  { id, state, estimateMs }: Pick<JobRecord, 'id' | 'state' | 'estimateMs'>,
  before: JobRecord | undefined,
  { position, revision, hash, at }: CommitPlace,
): JobRecord {
  const isNew = before === undefined || before.state.attempts !== state.attempts;
  return {
    id,
    state,
    estimateMs,
    order: before === undefined ? position : before.order,
    submittedAt: before === undefined ? at : before.submittedAt,
    placedAt: isNew ? position : before.placedAt,
    assignedAt: isNew ? at : before.assignedAt,
    stoppingSince: state.phase === 'stopping' ? (before?.stoppingSince ?? at) : null,
    position,
    revision,
    hash,
    at,
  };
}
