// Which jobs of an owner have waited too long as waits go at present: the oldest few of them, found without a look at each.
import type { Device } from '@baton/contracts';
import type { WaitingJob } from './engine-model.ts';
import { allDevices } from './engine-shape.ts';
import { byOrder, type OrderContext, type OverdueAfter, overdueBy } from './ordering.ts';
import type { Bucket, OwnerQueue } from './queue-buckets.ts';
import { weightsOf } from './size-and-age.ts';

/** Ids. All the owner's queues of one priority are to be given, also of shapes that are not open; `overdueAfter` is the context's. */
export function overdueJobs(
  queues: Iterable<OwnerQueue>,
  context: OrderContext,
  overdueAfter: OverdueAfter = overdueBy(context),
): ReadonlySet<string> {
  const { policy, now, backlog } = context;
  if (policy.order !== 'fair-share' || policy.promoteAfterMs === 0 || !backlog) return NOBODY;
  const weights = weightsOf(policy);
  const oldest = new Oldest(weights.overdueAtOnce);
  // Of all sizes with such limits none is overdue sooner. One object for all: they are many.
  const soonest = { base: 0, lengthMs: 0, limitMs: 0 };
  for (const { shapes } of queues) {
    for (const queue of shapes.values()) {
      const { order, submittedAt } = queue.oldest;
      if (oldest.isLate(order)) continue;
      soonest.limitMs = queue.longestLimitMs(policy);
      if (now - submittedAt <= overdueAfter(soonest, queue.shape.shape)) continue;
      for (const bucket of queue.buckets) {
        const before = now - overdueAfter(bucket.size(policy), queue.shape.shape);
        oldest.take(bucket, before);
      }
    }
  }
  return oldest.ids((kind) => weights.overdueDevices * backlog.devices(kind));
}

const NOBODY: ReadonlySet<string> = new Set();

class Oldest {
  readonly #jobs: WaitingJob[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Those that fit on so many devices together, and the first of all in any case. */
  ids(devices: (kind: Device['kind']) => number): ReadonlySet<string> {
    if (this.#jobs.length === 0) return NOBODY;
    const left = { gpu: devices('gpu'), cpu: devices('cpu') };
    const ids = new Set<string>();
    for (const { id, shape } of this.#jobs) {
      const needed = allDevices(shape);
      if (ids.size > 0 && needed > left[shape.deviceKind]) continue;
      left[shape.deviceKind] -= needed;
      ids.add(id);
    }
    return ids;
  }

  isLate(order: number): boolean {
    return this.#jobs.length >= this.#most && order > (this.#jobs.at(-1)?.order ?? Infinity);
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
    if (this.#jobs.length > this.#most) this.#jobs.pop();
  }
}
