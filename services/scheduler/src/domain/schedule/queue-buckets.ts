// Where waiting jobs lie: a class's owners, their shapes, and of each shape the buckets of jobs that differ by age alone.
import type { Policy } from '@baton/contracts';
import type { EngineShape, Owner, WaitingJob } from './engine-model.ts';
import { JobList } from './job-list.ts';
import type { LeastHold } from './least-hold.ts';
import { type JobSize, orderInBucket, type SizeClasses, sizeClassesOf, sizeKey, sizeOf } from './ordering.ts';

/** A shape that is waited for: one object for all jobs of it. */
export interface ShapeEntry {
  readonly key: string;
  readonly shape: EngineShape;
  readonly queues: Set<ShapeQueue>;
  /** Of those that are in line on a node, and may be called back. */
  readonly inLine: Set<ShapeQueue>;
  readonly least: Readonly<Record<QueueSection, LeastHold>>;
}

export type QueueSection = 'queues' | 'inLine';

/** An owner that waits or has waited: one object for all their jobs. */
export interface OwnerEntry {
  readonly owner: Owner;
  readonly key: string;
  readonly groupKey: string;
}

export class Bucket {
  /** By age. */
  readonly jobs = new JobList();
  /** In the order of the policy, where that is another. */
  #ordered: JobList | null = null;
  #size: JobSize | null = null;
  #policy: Policy | null = null;

  constructor(
    readonly classes: SizeClasses,
    readonly queue: ShapeQueue,
  ) {}

  add(job: WaitingJob): void {
    this.jobs.add(job);
    this.#ordered?.add(job);
  }

  /** Whether it was there. */
  remove(job: WaitingJob): boolean {
    this.#ordered?.remove(job);
    return this.jobs.remove(job);
  }

  /** Worked out once for a policy. */
  size(policy: Policy): JobSize {
    this.#follow(policy);
    return (this.#size ??= sizeOf(this.queue.shape.shape, this.classes, policy));
  }

  /** As a walk gives them. */
  ordered(policy: Policy): JobList {
    this.#follow(policy);
    const compare = orderInBucket(policy);
    if (compare === null) return this.jobs;
    if (this.#ordered) return this.#ordered;
    const ordered = new JobList(compare);
    for (const job of this.jobs) ordered.add(job);
    return (this.#ordered = ordered);
  }

  #follow(policy: Policy): void {
    if (this.#policy === policy) return;
    this.#policy = policy;
    this.#size = null;
    this.#ordered = null;
  }
}

/** The oldest job of a bucket, and of it and of the bucket what tells its place: at hand, as most are looked at and not given. */
export interface BucketHead extends JobSize {
  readonly bucket: Bucket;
  readonly job: WaitingJob;
  readonly submittedAt: number;
  readonly limitClass: number | null;
}

/** What waits, as a walk and the questions about places see it. */
export interface QueueView {
  /** The shapes that are waited for. */
  shapes(): Iterable<ShapeEntry>;
  shape(key: string): ShapeEntry | undefined;
  /** Class names, each with its owners by key. */
  classes(section?: QueueSection): ReadonlyMap<string, ReadonlyMap<string, OwnerQueue>>;
}

interface Oldest {
  order: number;
  submittedAt: number;
  /** When the one of that order was submitted: nearly always the first of all, too. */
  firstSubmittedAt: number;
}
/** Of a job, or of several. */
type OrderAndTime = Pick<Oldest, 'order' | 'submittedAt'> & Partial<Oldest>;
const NONE: Readonly<Oldest> = { order: Infinity, submittedAt: Infinity, firstSubmittedAt: Infinity };

/** One owner's jobs of one shape in one class. */
export class ShapeQueue {
  readonly #byKey = new Map<number, Bucket>();
  readonly #buckets: Bucket[] = [];
  /** Null: to be looked for again. */
  #oldest: Oldest | null = { ...NONE };
  /** Null: to be put together again. */
  #heads: { readonly policy: Policy; readonly heads: readonly BucketHead[] } | null = null;

  constructor(
    readonly shape: ShapeEntry,
    readonly parent: OwnerQueue,
  ) {}

  /** Those with the shortest limits first; before them those without a limit. */
  get buckets(): readonly Bucket[] {
    return this.#buckets;
  }

  get oldest(): Readonly<Oldest> {
    if (this.#oldest) return this.#oldest;
    const oldest = { ...NONE };
    for (const { jobs } of this.#buckets) if (jobs.first) lower(oldest, jobs.first);
    this.#oldest = oldest;
    return oldest;
  }

  /** Of its buckets, in their order. */
  heads(policy: Policy): readonly BucketHead[] {
    if (this.#heads?.policy === policy) return this.#heads.heads;
    const heads = this.#buckets.flatMap((bucket) => headOf(bucket, policy) ?? []);
    this.#heads = { policy, heads };
    return heads;
  }

  /** Of its buckets; 0 if it has none. */
  longestLimitMs(policy: Policy): number {
    const heads = this.heads(policy);
    const [longest, first] = [heads.at(-1)?.limitMs ?? 0, heads[0]];
    return first?.limitClass === null ? Math.max(longest, first.limitMs) : longest;
  }

  add(job: WaitingJob): void {
    this.#heads = null;
    const classes = sizeClassesOf(job);
    const key = sizeKey(classes);
    let bucket = this.#byKey.get(key);
    if (!bucket) {
      bucket = new Bucket(classes, this);
      this.#byKey.set(key, bucket);
      this.#buckets.splice(firstLonger(this.#buckets, classes), 0, bucket);
    }
    bucket.add(job);
    if (this.#oldest) lower(this.#oldest, job);
  }

  remove(job: WaitingJob): void {
    const key = sizeKey(sizeClassesOf(job));
    const bucket = this.#byKey.get(key);
    if (!bucket?.remove(job)) return;
    this.#heads = null;
    if (bucket.jobs.size === 0) {
      this.#byKey.delete(key);
      this.#buckets.splice(this.#buckets.indexOf(bucket), 1);
    }
    if (this.#oldest && isOldest(this.#oldest, job)) this.#oldest = null;
  }
}

/** One owner's jobs in one class. */
export class OwnerQueue {
  readonly shapes = new Map<ShapeEntry, ShapeQueue>();
  size = 0;
  /** Null: to be looked for again. */
  #oldest: Oldest | null = { ...NONE };

  constructor(
    readonly className: string,
    readonly entry: OwnerEntry,
    readonly section: QueueSection = 'queues',
  ) {}

  get oldest(): Readonly<Oldest> {
    if (this.#oldest) return this.#oldest;
    const oldest = { ...NONE };
    for (const queue of this.shapes.values()) lower(oldest, queue.oldest);
    this.#oldest = oldest;
    return oldest;
  }

  add(job: WaitingJob, shape: ShapeEntry): void {
    let queue = this.shapes.get(shape);
    if (!queue) {
      queue = new ShapeQueue(shape, this);
      this.shapes.set(shape, queue);
      shape[this.section].add(queue);
    }
    queue.add(job);
    shape.least[this.section].add(job);
    this.size += 1;
    if (this.#oldest) lower(this.#oldest, job);
  }

  remove(job: WaitingJob, shape: ShapeEntry): void {
    const queue = this.shapes.get(shape);
    if (!queue) return;
    queue.remove(job);
    shape.least[this.section].remove(job);
    this.size -= 1;
    if (queue.buckets.length === 0) {
      this.shapes.delete(shape);
      shape[this.section].delete(queue);
    }
    if (this.#oldest && isOldest(this.#oldest, job)) this.#oldest = null;
  }
}

function headOf(bucket: Bucket, policy: Policy): BucketHead | null {
  const job = bucket.jobs.first;
  if (!job) return null;
  const { base, lengthMs, limitMs } = bucket.size(policy);
  return { base, lengthMs, limitMs, bucket, job, submittedAt: job.submittedAt, limitClass: bucket.classes.limit };
}

/** Whether another may be the oldest without it; of many that were submitted together, that is seldom so. */
function isOldest({ order, submittedAt, firstSubmittedAt }: Oldest, job: WaitingJob): boolean {
  return order === job.order || (submittedAt === job.submittedAt && submittedAt !== firstSubmittedAt);
}

function lower(oldest: Oldest, { order, submittedAt, firstSubmittedAt = submittedAt }: OrderAndTime): void {
  if (order < oldest.order) {
    oldest.order = order;
    oldest.firstSubmittedAt = firstSubmittedAt;
  }
  oldest.submittedAt = Math.min(oldest.submittedAt, submittedAt);
}

function firstLonger(buckets: readonly Bucket[], { limit }: SizeClasses): number {
  const length = limit ?? -1;
  let low = 0;
  let high = buckets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((buckets[middle]?.classes.limit ?? -1) <= length) low = middle + 1;
    else high = middle;
  }
  return low;
}
