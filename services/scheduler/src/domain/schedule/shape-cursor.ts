// One owner's jobs of one shape inside a walk: which of their buckets is next. Most walks want the first of them and no more, so the
// others are not opened before that one has been given.
import type { WaitingJob } from './engine-model.ts';
import { Heap } from './heap.ts';
import type { AgeScore } from './ordering.ts';
import type { Bucket, OwnerEntry, ShapeQueue } from './queue-buckets.ts';
import type { WalkBlocks } from './walk-blocks.ts';
import { byScore, Cursor, type CursorRules, type JobStanding } from './walk-cursor.ts';

/** What holds for all of one walk. */
export interface ShapeWalk {
  /** Of jobs that have not been looked at; null where more than their age counts. */
  readonly ageScoreOf: AgeScore | null;
  readonly blocks: Pick<WalkBlocks, 'closedFrom'>;
  /** Of a bucket of which the walk has given jobs already: the cursor that goes on there. Null where it has of none. */
  readonly goOn: ((bucket: Bucket, rules: CursorRules) => Cursor) | null;
}

export class ShapeCursor {
  readonly #queue: ShapeQueue;
  readonly #rules: CursorRules;
  readonly #walk: ShapeWalk;
  #bestBucket: Bucket | null = null;
  /** Of the first job of that bucket. */
  #best: JobStanding | undefined;
  /** On that bucket, once it is asked for. */
  #first: Cursor | undefined;
  /** Null: none but the first has been opened. */
  #cursors: Heap<Cursor> | null = null;

  constructor(queue: ShapeQueue, rules: CursorRules, walk: ShapeWalk) {
    this.#queue = queue;
    this.#rules = rules;
    this.#walk = walk;
    if (walk.goOn || !walk.ageScoreOf) this.#cursors = this.#openAll();
    else this.#findBest(walk.ageScoreOf);
  }

  get owner(): OwnerEntry {
    return this.#queue.parent.entry;
  }

  /** Of the job that is next; none where there is none. */
  get standing(): JobStanding | undefined {
    return this.#cursors ? this.#cursors.top : this.#best;
  }

  /** The bucket whose job is next. */
  get top(): Cursor | undefined {
    if (this.#cursors) return this.#cursors.top;
    if (this.#bestBucket) this.#first ??= this.#open(this.#bestBucket);
    return this.#first;
  }

  /** After the top has moved on to its next job. */
  settle(): void {
    if (this.#cursors === null) this.#cursors = this.#openAll();
    else if (this.#cursors.top?.job) this.#cursors.settleTop();
    else this.#cursors.dropTop();
  }

  /** The top gives no more. */
  drop(): void {
    if (this.top) this.top.isOut = true;
    if (this.#cursors === null) this.#cursors = this.#openAll();
    else this.#cursors.dropTop();
  }

  #findBest(ageScoreOf: AgeScore): void {
    const { policy, overdue, isReadyGang } = this.#rules;
    const { shape } = this.#queue.shape;
    const closedFrom = this.#walk.blocks.closedFrom(this.#queue);
    let best = { job: undefined as WaitingJob | undefined, score: Infinity, isOverdue: false, isReadyGang };
    let other = { ...best };
    for (const head of this.#queue.heads(policy)) {
      if (isClosed(head.limitClass, closedFrom)) break;
      other.job = head.job;
      other.score = ageScoreOf(head, head.submittedAt, shape);
      other.isOverdue = overdue.size > 0 && overdue.has(head.job.id);
      if (byScore(other, best) >= 0) continue;
      [best, other] = [other, best];
      this.#bestBucket = head.bucket;
    }
    if (best.job) this.#best = best;
  }

  #openAll(): Heap<Cursor> {
    const closedFrom = this.#walk.blocks.closedFrom(this.#queue);
    const cursors: Cursor[] = [];
    for (const bucket of this.#queue.buckets) {
      if (isClosed(bucket.classes.limit, closedFrom)) break;
      const cursor = bucket === this.#first?.bucket ? this.#first : this.#open(bucket);
      if (cursor.job && !cursor.isOut) cursors.push(cursor);
    }
    return new Heap(cursors, byScore);
  }

  #open(bucket: Bucket): Cursor {
    const jobs = bucket.ordered(this.#rules.policy);
    return this.#walk.goOn?.(bucket, this.#rules) ?? new Cursor(bucket, this.#rules, { jobs });
  }
}

/** Those after it are, too. */
function isClosed(limit: number | null, closedFrom: number): boolean {
  return limit !== null && limit >= closedFrom;
}
