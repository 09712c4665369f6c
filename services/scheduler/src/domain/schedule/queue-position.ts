// Where a job stands in the queue, without a walk through those before it.
import type { EngineShape, WaitingJob } from './engine-model.ts';
import { byOrder, isPromoted, type JobSize, priorityOf, scoreBy, sizeClassesOf, sizeOf } from './ordering.ts';
import { overdueJobs } from './overdue-jobs.ts';
import { byStanding } from './owner-tree.ts';
import type { Bucket, OwnerQueue, QueueView } from './queue-buckets.ts';
import type { Walk } from './queue-walk.ts';
import { ownerKeyOf } from './owner-key.ts';
import { byScore, type JobStanding } from './walk-cursor.ts';
import { isReadyGang, oldestOf } from './walk-level.ts';
import { type OrderView, type Standing, WalkStandings } from './walk-standings.ts';

/** The first of those that stand before a job. */
export function jobsAhead(walk: Walk, jobId: string, limit: number): string[] {
  const ids: string[] = [];
  for (let job = walk.next(); job && job.id !== jobId && ids.length < limit; job = walk.next()) ids.push(job.id);
  return ids;
}

/** 1 = next. As the queue stands now; who goes first is charged for it, so the order changes as jobs start. */
export function placeOf(job: WaitingJob, queue: QueueView, view: OrderView): number {
  const priority = priorityOf(view.policy);
  const own = priority(job.className);
  const level: OwnerQueue[] = [];
  let ahead = 0;
  for (const [className, owners] of queue.classes()) {
    const other = priority(className);
    if (other === own) level.push(...owners.values());
    else if (other > own) for (const { size } of owners.values()) ahead += size;
  }
  return 1 + ahead + (isPromoted(job, view) ? promotedBefore(job, level, view) : before(job, level, queue, view));
}

function promotedBefore(job: WaitingJob, level: readonly OwnerQueue[], view: OrderView): number {
  return countIn(level, (bucket) =>
    bucket.jobs.countWhile((other) => isPromoted(other, view) && byOrder(other, job) < 0),
  );
}

function before(job: WaitingJob, level: readonly OwnerQueue[], queue: QueueView, view: OrderView): number {
  const compare = byOwner(level, view);
  const own = ownerKeyOf(job.owner);
  const mine = level.filter(({ entry }) => entry.key === own);
  const stands = standingsBy(mine, queue, view);
  const standing = stands(job, sizeOf(job.shape, sizeClassesOf(job), view.policy));
  return level.reduce((sum, owner) => {
    const relation = mine[0] ? compare(owner, mine[0]) : 0;
    if (relation < 0) return sum + owner.size;
    return (
      sum +
      countIn([owner], (bucket) => {
        const size = bucket.size(view.policy);
        const goesFirst = (other: WaitingJob) => relation === 0 && byScore(stands(other, size), standing) < 0;
        return countEither(bucket, goesFirst, view);
      })
    );
  }, 0);
}

function standingsBy(
  mine: readonly OwnerQueue[],
  queue: QueueView,
  view: OrderView,
): (job: WaitingJob, size: JobSize) => JobStanding {
  const scoreOf = scoreBy(view);
  const overdue = overdueJobs(mine, view);
  const ready = new Set<EngineShape>();
  for (const entry of queue.shapes()) if (isReadyGang(entry, view)) ready.add(entry.shape);
  return (job, size) => ({
    job,
    score: scoreOf(size, job),
    isOverdue: overdue.has(job.id),
    isReadyGang: ready.has(job.shape),
  });
}

/** Promoted ones, which are the oldest, and those that hold, which are the first in the order of the policy. */
function countEither(bucket: Bucket, holds: (job: WaitingJob) => boolean, view: OrderView): number {
  const ordered = bucket.ordered(view.policy);
  if (ordered === bucket.jobs) return ordered.countWhile((job) => isPromoted(job, view) || holds(job));
  let count = ordered.countWhile(holds);
  for (const job of bucket.jobs) {
    if (!isPromoted(job, view)) break;
    if (!holds(job)) count += 1;
  }
  return count;
}

/** 0 also for owners among whom the order does not tell. */
function byOwner(level: readonly OwnerQueue[], view: OrderView): (a: OwnerQueue, b: OwnerQueue) => number {
  const standings = new WalkStandings(view);
  const oldest = oldestOf(standings.isByOwner ? level : []);
  const node = (standing: Standing) => ({ standing, used: standing.used });
  return (a, b) => {
    const tiers = Number(standings.isBelowGuarantee(b.entry.owner)) - Number(standings.isBelowGuarantee(a.entry.owner));
    if (tiers !== 0) return tiers;
    const compare = (one: Standing, other: Standing) => byStanding(node(one), node(other), oldest);
    const groups = compare(standings.groupOf(a.entry), standings.groupOf(b.entry));
    return groups || compare(standings.userOf(a.entry), standings.userOf(b.entry));
  };
}

function countIn(owners: readonly OwnerQueue[], count: (bucket: Bucket) => number): number {
  let sum = 0;
  for (const owner of owners) {
    for (const queue of owner.shapes.values()) for (const bucket of queue.buckets) sum += count(bucket);
  }
  return sum;
}
