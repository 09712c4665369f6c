// All jobs that are not over, as the log says, with the queue and the devices derived from them. No I/O.
import type { DesiredAttempt, JobEvent } from '@baton/contracts';
import { desiredAttempt } from './desired-attempt.ts';
import {
  evolveJob,
  type ExistingJob,
  initialJob,
  isPlaced,
  isTerminal,
  type JobState,
  type Part,
  partOn,
  type PlacedJob,
  type TerminalJob,
} from './job.ts';
import { ArrayMembers } from './array-members.ts';
import type { NodeState } from './node.ts';
import { Predecessors } from './predecessors.ts';
import { JobQueue } from './queue.ts';
import {
  type NodeSnapshot,
  nodeSnapshot,
  type PlacedAttempt,
  type QueuedJob,
  shapeOf,
  type Snapshot,
} from './schedule/snapshot.ts';
import { type Gate, WaitingRoom } from './waiting-room.ts';

/** Where a commit stands, as much of it as the next commit needs. */
export interface CommitPlace {
  readonly position: number;
  readonly revision: number;
  readonly hash: string;
}

export interface JobRecord extends CommitPlace {
  readonly id: string;
  readonly state: ExistingJob;
  /** Position of its submission: its place in the queue. */
  readonly order: number;
  /** Position of its newest assignment: its place among what is placed on its node. */
  readonly placedAt: number;
}

export interface KnownNode {
  readonly id: string;
  readonly state: Extract<NodeState, { phase: 'known' }>;
  /** Heard from just now. */
  readonly heard: boolean;
}

export class JobLedger {
  readonly #jobs = new Map<string, JobRecord>();
  readonly #predecessors = new Predecessors();
  readonly #arrays = new ArrayMembers();
  readonly #queue = new JobQueue();
  /** Queued jobs that may not be placed yet; it lets the others into the queue. */
  readonly #room = new WaitingRoom(this.#predecessors, {
    admit: (id) => this.#withRecord(id, (record) => this.#queue.add(queued(record), shapeOf(record.state.spec))),
    sendBack: (id) => this.#withRecord(id, (record) => this.#queue.remove(queued(record), shapeOf(record.state.spec))),
  });
  readonly #placed = new Map<string, JobRecord>();
  #isLoading = false;

  /** A whole history follows: queue and places are derived once, at `loaded`, not at each of its commits. */
  load(): void {
    this.#isLoading = true;
  }

  loaded(): void {
    this.#isLoading = false;
    for (const record of this.#jobs.values()) this.#enter(record);
    this.#room.settle();
  }

  /** The job, unless it is over or was never there. */
  active(id: string): JobRecord | undefined {
    return this.#jobs.get(id);
  }

  /** Whether the id was ever used. */
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

  apply(id: string, events: readonly JobEvent[], place: CommitPlace): void {
    const before = this.#jobs.get(id);
    let state: JobState = before?.state ?? initialJob;
    for (const event of events) state = evolveJob(state, event);
    if (before) this.#leave(before);
    if (state.phase === 'none') return;
    if (!before) this.#submitted(id, state);
    if (isTerminal(state)) this.#over(id, state);
    else {
      const isNew = before === undefined || before.state.attempts !== state.attempts;
      const placedAt = isNew ? place.position : before.placedAt;
      const record = { id, state, order: before?.order ?? place.position, placedAt, ...place };
      this.#jobs.set(id, record);
      this.#enter(record);
    }
    this.#room.settle();
  }

  #submitted(id: string, { array }: ExistingJob): void {
    this.#predecessors.note(id, null);
    if (array === null) return;
    this.#arrays.add(array.id, id);
    if (array.index === array.count - 1) this.#room.completed(array.id);
  }

  #over(id: string, { phase, array }: TerminalJob): void {
    this.#jobs.delete(id);
    this.#room.ended(id, phase);
    if (array !== null && this.#arrays.remove(array.id, id)) this.#room.forgetArray(array.id);
  }

  #enter(record: JobRecord): void {
    if (this.#isLoading) return;
    const { state } = record;
    if (isPlaced(state)) {
      this.#placed.set(record.id, record);
      this.#room.placed(state, 1);
    } else if (state.phase === 'queued') this.#room.enter({ ...record, state });
  }

  #leave(record: JobRecord): void {
    if (this.#isLoading) return;
    if (this.#placed.delete(record.id)) this.#room.placed(record.state, -1);
    if (this.#room.leave(record)) this.#queue.remove(queued(record), shapeOf(record.state.spec));
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

  snapshot(nodes: Iterable<KnownNode>): Snapshot {
    return { buckets: this.#queue.buckets(), nodes: [...nodes].map((node) => this.#nodeSnapshot(node)) };
  }

  #nodeSnapshot({ id, state, heard }: KnownNode): NodeSnapshot {
    const live = this.placedOn(id).filter((placed) => !placed.part.isReleased);
    const refuses = !heard ? 'node-unreachable' : state.cordoned ? 'node-cordoned' : null;
    return nodeSnapshot({ id, description: state.description, refuses }, live.map(placedAttempt));
  }

  /** In the order of placement; of those on several nodes as long as their part there has not ended. */
  placedOn(nodeId: string): PlacedRecord[] {
    const found: PlacedRecord[] = [];
    for (const record of this.#placed.values()) {
      const { state } = record;
      const part = isPlaced(state) ? partOn(state, nodeId) : undefined;
      if (isPlaced(state) && part !== undefined) found.push({ ...record, state, part });
    }
    return found.toSorted((one, other) => one.placedAt - other.placedAt);
  }

  /** What the node is to run, by the log. */
  desiredOn(node: KnownNode): DesiredAttempt[] {
    const { devices } = node.state.description;
    return this.placedOn(node.id).map(({ id, ...placed }) => desiredAttempt(id, placed, devices));
  }
}

export interface PlacedRecord extends JobRecord {
  readonly state: PlacedJob;
  /** What the node has of it. */
  readonly part: Part;
}

function queued({ id, order, state }: JobRecord): QueuedJob {
  return { id, order, nextAttempt: state.attempts + 1 };
}

function placedAttempt({ id, order, state, part }: PlacedRecord): PlacedAttempt {
  const { number, behind, isRevoking } = state.attempt;
  const waiting = behind && { count: behind.count, pool: behind.pool, isRevoking };
  return { jobId: id, attempt: number, order, shape: shapeOf(state.spec), devices: part.devices, waiting };
}
