// The queue, indexed by shape; inside a shape in the order of submission.
import { type Bucket, type QueuedJob, type Shape, shapeKey } from './schedule/snapshot.ts';

interface MutableBucket extends Bucket {
  readonly jobs: QueuedJob[];
}

export class JobQueue {
  readonly #buckets = new Map<string, MutableBucket>();

  add(job: QueuedJob, shape: Shape): void {
    const key = shapeKey(shape);
    const bucket = this.#buckets.get(key) ?? { key, shape, jobs: [] };
    this.#buckets.set(key, bucket);
    bucket.jobs.splice(firstAtOrAfter(bucket.jobs, job.order), 0, job);
  }

  remove(job: QueuedJob, shape: Shape): void {
    const bucket = this.#buckets.get(shapeKey(shape));
    if (!bucket) return;
    const index = firstAtOrAfter(bucket.jobs, job.order);
    if (bucket.jobs[index]?.id === job.id) bucket.jobs.splice(index, 1);
    if (bucket.jobs.length === 0) this.#buckets.delete(bucket.key);
  }

  /** Live view: valid until the next change. */
  buckets(): readonly Bucket[] {
    return [...this.#buckets.values()];
  }
}

function firstAtOrAfter(jobs: readonly QueuedJob[], order: number): number {
  let low = 0;
  let high = jobs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((jobs[middle]?.order ?? Infinity) < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
