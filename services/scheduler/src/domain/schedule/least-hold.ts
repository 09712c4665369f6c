// The shortest time for which any of a shape's jobs asks for devices: what is refused to that is refused to all of them.
import type { WaitingJob } from './engine-model.ts';

/** Jobs of about the same time limit. */
interface Bucket {
  readonly classes: { readonly limit: number | null };
  readonly jobs: Iterable<Pick<WaitingJob, 'limitMs'>>;
}

interface ShapeQueue {
  /** Those with the shortest limits first; before them those without a limit. */
  readonly buckets: readonly Bucket[];
}

export class LeastHold {
  readonly #queues: ReadonlySet<ShapeQueue>;
  /** Null: to be looked for again. */
  #limitMs: number | null = Infinity;
  /** Of all that ever waited: a bound. */
  #graceMs = Infinity;
  #unlimited = 0;

  constructor(queues: ReadonlySet<ShapeQueue>) {
    this.#queues = queues;
  }

  add({ limitMs, graceMs }: WaitingJob): void {
    this.#graceMs = Math.min(this.#graceMs, graceMs);
    if (limitMs === null) this.#unlimited += 1;
    else if (this.#limitMs !== null) this.#limitMs = Math.min(this.#limitMs, limitMs);
  }

  remove({ limitMs }: WaitingJob): void {
    if (limitMs === null) this.#unlimited -= 1;
    else if (limitMs === this.#limitMs) this.#limitMs = null;
  }

  /** Nobody asks for less; infinite if nobody asks. */
  ms(defaultLimitMs: number): number {
    const limited = (this.#limitMs ??= shortest(this.#queues));
    return Math.min(limited, this.#unlimited > 0 ? defaultLimitMs : Infinity) + this.#graceMs;
  }
}

function shortest(queues: Iterable<ShapeQueue>): number {
  let leastClass = Infinity;
  let found: Bucket[] = [];
  for (const { buckets } of queues) {
    for (const bucket of buckets) {
      const { limit } = bucket.classes;
      if (limit === null) continue;
      if (limit > leastClass) break;
      if (limit < leastClass) found = [];
      leastClass = limit;
      found.push(bucket);
    }
  }
  let least = Infinity;
  for (const { jobs } of found) for (const { limitMs } of jobs) least = Math.min(least, limitMs ?? Infinity);
  return least;
}
