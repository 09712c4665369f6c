// Which jobs of an owner have waited too long as waits go at present: the oldest few of them, found without a look at each.
import type { WaitingJob } from './engine-model.ts';
import { byOrder, isOverdue, type OrderContext } from './ordering.ts';
import type { OwnerQueue } from './queue-buckets.ts';

/** So many at a time go before the owner's others: more would make it first come, first served. */
const AT_ONCE = 4;
const NONE: ReadonlySet<string> = new Set();

/** Ids. All the owner's queues of one priority are to be given, also of shapes that are not open. */
export function overdueJobs(queues: Iterable<OwnerQueue>, context: OrderContext): ReadonlySet<string> {
  if (context.policy.order !== 'fair-share' || !context.backlog) return NONE;
  const oldest: WaitingJob[] = [];
  const isLate = (order: number) => oldest.length >= AT_ONCE && order > (oldest.at(-1)?.order ?? Infinity);
  for (const { shapes } of queues) {
    for (const queue of shapes.values()) {
      if (isLate(queue.oldest.order)) continue;
      for (const { jobs, classes } of queue.buckets) {
        const place = { piece: 0, index: 0 };
        let job = jobs.first;
        while (job && !isLate(job.order) && isOverdue(job, classes, context)) {
          keepOldest(oldest, job);
          jobs.advance(place);
          job = jobs.at(place);
        }
      }
    }
  }
  return new Set(oldest.map(({ id }) => id));
}

function keepOldest(oldest: WaitingJob[], job: WaitingJob): void {
  const index = oldest.findIndex((other) => byOrder(job, other) < 0);
  oldest.splice(index < 0 ? oldest.length : index, 0, job);
  if (oldest.length > AT_ONCE) oldest.pop();
}
