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
} from './job.ts';
import type { NodeState } from './node.ts';
import { JobQueue } from './queue.ts';
import {
  type NodeSnapshot,
  nodeSnapshot,
  type PlacedAttempt,
  type QueuedJob,
  shapeOf,
  type Snapshot,
} from './schedule/snapshot.ts';

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
  readonly #ids = new Set<string>();
  readonly #queue = new JobQueue();
  /** Retried jobs whose time has not come. */
  readonly #delayed = new Map<string, JobRecord>();
  readonly #placed = new Map<string, JobRecord>();
  #isLoading = false;

  /** A whole history follows: queue and places are derived once, at `loaded`, not at each of its commits. */
  load(): void {
    this.#isLoading = true;
  }

  loaded(): void {
    this.#isLoading = false;
    for (const record of this.#jobs.values()) this.#enter(record);
  }

  /** The job, unless it is over or was never there. */
  active(id: string): JobRecord | undefined {
    return this.#jobs.get(id);
  }

  /** Whether the id was ever used. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  apply(id: string, events: readonly JobEvent[], place: CommitPlace): void {
    const before = this.#jobs.get(id);
    let state: JobState = before?.state ?? initialJob;
    for (const event of events) state = evolveJob(state, event);
    this.#ids.add(id);
    if (before) this.#leave(before);
    if (state.phase === 'none' || isTerminal(state)) {
      this.#jobs.delete(id);
      return;
    }
    const isNew = before === undefined || before.state.attempts !== state.attempts;
    const placedAt = isNew ? place.position : before.placedAt;
    const record = { id, state, order: before?.order ?? place.position, placedAt, ...place };
    this.#jobs.set(id, record);
    this.#enter(record);
  }

  #enter(record: JobRecord): void {
    if (this.#isLoading) return;
    const { state } = record;
    if (isPlaced(state)) this.#placed.set(record.id, record);
    else if (state.phase === 'queued' && state.notBefore > 0) this.#delayed.set(record.id, record);
    else if (state.phase === 'queued') this.#queue.add(queued(record), shapeOf(state.spec));
  }

  #leave(record: JobRecord): void {
    if (this.#isLoading) return;
    this.#placed.delete(record.id);
    if (!this.#delayed.delete(record.id) && record.state.phase === 'queued')
      this.#queue.remove(queued(record), shapeOf(record.state.spec));
  }

  /** Moves the retried jobs whose time has come into the queue; tells when the next one's time comes. */
  release(now: number): number | null {
    let next: number | null = null;
    for (const [id, record] of this.#delayed) {
      const notBefore = record.state.phase === 'queued' ? record.state.notBefore : 0;
      if (notBefore > now) {
        next = next === null ? notBefore : Math.min(next, notBefore);
        continue;
      }
      this.#delayed.delete(id);
      const due: JobRecord = { ...record, state: { ...record.state, phase: 'queued', notBefore: 0 } };
      this.#jobs.set(id, due);
      this.#queue.add(queued(due), shapeOf(due.state.spec));
    }
    return next;
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
