// Which jobs of an owner have waited too long as waits go at present: the oldest few of them, found without a look at each.
import type { WaitingJob } from './engine-model.ts';
import { byOrder, type OrderContext, overdueBy } from './ordering.ts';
import type { Bucket, OwnerQueue } from './queue-buckets.ts';

/** So many at a time go before the owner's others: more would make it first come, first served. */
const AT_ONCE = 4;

/** Ids. All the owner's queues of one priority are to be given, also of shapes that are not open. */
export function overdueJobs(queues: Iterable<OwnerQueue>, context: OrderContext): ReadonlySet<string> {
  const { policy, now } = context;
  const oldest = new Oldest();
  if (!context.backlog) return oldest.ids();
  const overdueAfter = overdueBy(context);
  for (const { shapes } of queues) {
    for (const queue of shapes.values()) {
      const { order, submittedAt } = queue.oldest;
      const soonestMs = overdueAfter(queue.longestLimitMs(policy), queue.shape.shape);
      if (oldest.isLate(order) || now - submittedAt <= soonestMs) continue;
      for (const bucket of queue.buckets) {
        const before = now - overdueAfter(bucket.size(policy).limitMs, queue.shape.shape);
        oldest.take(bucket, before);
      }
    }
  }
  return oldest.ids();
}

class Oldest {
  readonly #jobs: WaitingJob[] = [];

  ids(): ReadonlySet<string> {
    return new Set(this.#jobs.map(({ id }) => id));
  }

  isLate(order: number): boolean {
    return this.#jobs.length >= AT_ONCE && order > (this.#jobs.at(-1)?.order ?? Infinity);
  }

  take({ jobs }: Bucket, before: number): void {
    const place = { piece: 0, index: 0 };
    for (let job = jobs.first; job && job.submittedAt < before && !this.isLate(job.order); job = jobs.at(place)) {
      this.#keep(job);
      jobs.advance(place);
    }
  }

  #keep(job: WaitingJob): void {
    const index = this.#jobs.findIndex((other) => byOrder(job, other) < 0);
    this.#jobs.splice(index < 0 ? this.#jobs.length : index, 0, job);
    if (this.#jobs.length > AT_ONCE) this.#jobs.pop();
  }
}
