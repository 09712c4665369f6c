// What waited at one time, by shape; inside a shape in the order of submission.
import { firstAtOrAfter } from '../by-order.ts';
import type { EngineShape } from '../schedule/engine-model.ts';
import { engineShapeKey } from '../schedule/engine-shape.ts';

interface QueuedJob {
  readonly id: string;
  /** Position of its submission in the log. */
  readonly order: number;
}

interface Bucket {
  readonly key: string;
  readonly shape: EngineShape;
  readonly jobs: readonly QueuedJob[];
}

interface MutableBucket extends Bucket {
  readonly jobs: QueuedJob[];
}

export class SubmissionOrder {
  readonly #buckets = new Map<string, MutableBucket>();

  add(job: QueuedJob, shape: EngineShape): void {
    const key = engineShapeKey(shape);
    const bucket = this.#buckets.get(key) ?? { key, shape, jobs: [] };
    this.#buckets.set(key, bucket);
    bucket.jobs.splice(firstAtOrAfter(bucket.jobs, job.order), 0, job);
  }

  remove(job: QueuedJob, shape: EngineShape): void {
    const bucket = this.#buckets.get(engineShapeKey(shape));
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
