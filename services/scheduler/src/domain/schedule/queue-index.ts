// All jobs that wait, found by class, owner, shape and size. A pass looks at buckets of jobs, never at each job.
import type { EngineShape, Owner, WaitingJob } from './engine-model.ts';
import { deviceSecondsOf, NO_WORK, type WaitingWork } from './backlog.ts';
import { allTwentieths, engineShapeKey } from './engine-shape.ts';
import { groupKeyOf, ownerKeyOf } from './owner-key.ts';
import {
  type OwnerEntry,
  OwnerQueue,
  type QueueSection,
  type QueueView,
  type ShapeEntry,
  type ShapeQueue,
} from './queue-buckets.ts';
import { LeastHold } from './least-hold.ts';
import { jobsAhead, placeOf } from './queue-position.ts';
import { Walk } from './queue-walk.ts';
import type { OrderView } from './walk-standings.ts';

export class QueueIndex implements QueueView {
  readonly #jobs = new Map<string, WaitingJob>();
  readonly #reserved = new Map<string, WaitingJob>();
  readonly #inLine = new Map<string, WaitingJob>();
  readonly #classes: Record<QueueSection, Map<string, Map<string, OwnerQueue>>> = {
    queues: new Map(),
    inLine: new Map(),
  };
  readonly #shapes = new Map<string, ShapeEntry>();
  readonly #owners = new Map<string, OwnerEntry>();
  readonly #work: Record<EngineShape['deviceKind'], WaitingWork> = { gpu: NO_WORK, cpu: NO_WORK };
  readonly #shapeOf = new WeakMap<EngineShape, ShapeEntry>();
  readonly #ownerOf = new WeakMap<Owner, OwnerEntry>();

  get size(): number {
    return this.#jobs.size;
  }

  get(jobId: string): WaitingJob | undefined {
    return this.#jobs.get(jobId);
  }

  jobs(): IterableIterator<WaitingJob> {
    return this.#jobs.values();
  }

  /** Those that were promised a start, in the order in which the promises came in. */
  reserved(): IterableIterator<WaitingJob> {
    return this.#reserved.values();
  }

  shapes(): IterableIterator<ShapeEntry> {
    return this.#shapes.values();
  }

  shape(key: string): ShapeEntry | undefined {
    return this.#shapes.get(key);
  }

  classes(section: QueueSection = 'queues'): ReadonlyMap<string, ReadonlyMap<string, OwnerQueue>> {
    return this.#classes[section];
  }

  /** All that waits for a kind of device, in the queue or in line. */
  work(kind: EngineShape['deviceKind']): WaitingWork {
    return this.#work[kind];
  }

  /** In the place of an earlier one with the same id. Returns the job as it is kept: it shares shape and owner with others. */
  add(job: WaitingJob): WaitingJob {
    this.remove(job.id);
    const kept = this.#enter(job, 'queues');
    this.#jobs.set(kept.id, kept);
    if (kept.reservation) this.#reserved.set(kept.id, kept);
    return kept;
  }

  /** Returns the job that was removed. */
  remove(jobId: string): WaitingJob | undefined {
    const job = this.#jobs.get(jobId);
    if (!job) return undefined;
    this.#jobs.delete(jobId);
    this.#reserved.delete(jobId);
    this.#leave(job, 'queues');
    return job;
  }

  /** It is in line on a node, and not in the queue: it keeps its place in the order, should it be called back. */
  line(job: WaitingJob): void {
    this.unline(job.id);
    this.#inLine.set(job.id, this.#enter(job, 'inLine'));
  }

  unline(jobId: string): void {
    const job = this.#inLine.get(jobId);
    if (!job) return;
    this.#inLine.delete(jobId);
    this.#leave(job, 'inLine');
  }

  inLine(): IterableIterator<WaitingJob> {
    return this.#inLine.values();
  }

  /**
   * The jobs in the order of the policy, for one pass; valid until the index changes. Shapes that are not open cost nothing:
   * their jobs are not given.
   */
  walk(view: OrderView, isOpen: (entry: ShapeEntry) => boolean = () => true): Walk {
    return new Walk(this, { view, isOpen, sections: ['queues'] });
  }

  /** With those that are in line among the others. */
  walkWithLines(view: OrderView, isOpen: (entry: ShapeEntry) => boolean): Walk {
    return new Walk(this, { view, isOpen, sections: this.#inLine.size === 0 ? ['queues'] : ['queues', 'inLine'] });
  }

  /** 1 = next; null if the job does not wait. */
  position(jobId: string, view: OrderView): number | null {
    const job = this.#jobs.get(jobId);
    return job ? placeOf(job, this, view) : null;
  }

  /** The first of the jobs that stand before it. */
  ahead(jobId: string, view: OrderView, limit = 50): string[] {
    return jobsAhead(this.walk(view), jobId, limit);
  }

  #count(job: WaitingJob, sign: 1 | -1): void {
    const { deviceKind } = job.shape;
    const { jobs, deviceSeconds: seconds, twentiethsWithoutLimit: twentieths } = this.#work[deviceKind];
    this.#work[deviceKind] = {
      jobs: jobs + sign,
      deviceSeconds: seconds + sign * deviceSecondsOf(job),
      twentiethsWithoutLimit: twentieths + (job.limitMs === null ? sign * allTwentieths(job.shape) : 0),
    };
  }

  #enter(job: WaitingJob, section: QueueSection): WaitingJob {
    const shape = this.#intern(job.shape);
    const owner = this.#internOwner(job.owner);
    const isShared = job.shape === shape.shape && job.owner === owner.owner;
    const kept = isShared ? job : { ...job, shape: shape.shape, owner: owner.owner };
    const classes = this.#classes[section];
    let owners = classes.get(kept.className);
    if (!owners) classes.set(kept.className, (owners = new Map()));
    let queue = owners.get(owner.key);
    if (!queue) owners.set(owner.key, (queue = new OwnerQueue(kept.className, owner, section)));
    queue.add(kept, shape);
    this.#count(kept, 1);
    return kept;
  }

  #leave(job: WaitingJob, section: QueueSection): void {
    const shape = this.#intern(job.shape);
    const owner = this.#internOwner(job.owner);
    const classes = this.#classes[section];
    const owners = classes.get(job.className);
    const queue = owners?.get(owner.key);
    queue?.remove(job, shape);
    if (queue?.size === 0) owners?.delete(owner.key);
    if (owners?.size === 0) classes.delete(job.className);
    if (shape.queues.size + shape.inLine.size === 0) this.#shapes.delete(shape.key);
    this.#count(job, -1);
  }

  #intern(shape: EngineShape): ShapeEntry {
    const known = this.#shapeOf.get(shape);
    if (known && this.#shapes.get(known.key) === known) return known;
    const key = engineShapeKey(shape);
    let entry = this.#shapes.get(key);
    if (!entry) this.#shapes.set(key, (entry = newEntry(key, shape)));
    this.#shapeOf.set(shape, entry);
    return entry;
  }

  #internOwner(owner: Owner): OwnerEntry {
    const known = this.#ownerOf.get(owner);
    if (known) return known;
    const key = ownerKeyOf(owner);
    let entry = this.#owners.get(key);
    if (!entry) this.#owners.set(key, (entry = { owner, key, groupKey: groupKeyOf(owner) }));
    this.#ownerOf.set(owner, entry);
    return entry;
  }
}

function newEntry(key: string, shape: EngineShape): ShapeEntry {
  const [queues, inLine] = [new Set<ShapeQueue>(), new Set<ShapeQueue>()];
  return { key, shape, queues, inLine, least: { queues: new LeastHold(queues), inLine: new LeastHold(inLine) } };
}
