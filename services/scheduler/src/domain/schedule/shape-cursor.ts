// One owner's jobs of one shape inside a walk: which of their buckets is next. Most walks want the first of them and no more, so the
// others are not opened before that one has been given.
import type { WaitingJob } from './engine-model.ts';
import { Heap } from './heap.ts';
import type { AgeScore } from './ordering.ts';
import type { Bucket, OwnerEntry, ShapeQueue } from './queue-buckets.ts';
import { byScore, Cursor, type CursorRules } from './walk-cursor.ts';

export interface ShapeRules extends CursorRules {
  /** Of jobs that have not been looked at; null where more than their age counts. */
  readonly ageScoreOf: AgeScore | null;
  /** The class of time limits from which on jobs are out by now; infinite if none is. */
  readonly closedFrom: () => number;
  /** Of a bucket of which the walk has given jobs already: the cursor that goes on there. Null where it has of none. */
  readonly goOn: ((bucket: Bucket) => Cursor) | null;
}

export class ShapeCursor {
  readonly #queue: ShapeQueue;
  readonly #rules: ShapeRules;
  #first: Cursor | undefined;
  /** Null: none but the first has been opened. */
  #cursors: Heap<Cursor> | null = null;

  constructor(queue: ShapeQueue, rules: ShapeRules) {
    this.#queue = queue;
    this.#rules = rules;
    const { goOn, ageScoreOf } = rules;
    if (goOn || !ageScoreOf) this.#cursors = this.#openAll();
    else this.#first = this.#openFirst(ageScoreOf);
  }

  get owner(): OwnerEntry {
    return this.#queue.parent.entry;
  }

  /** The bucket whose job is next. */
  get top(): Cursor | undefined {
    return this.#cursors ? this.#cursors.top : this.#first;
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

  #openFirst(ageScoreOf: AgeScore): Cursor | undefined {
    const { policy, overdue, isReadyGang } = this.#rules;
    const { shape } = this.#queue.shape;
    const closedFrom = this.#rules.closedFrom();
    let bestBucket: Bucket | undefined;
    let best = { job: undefined as WaitingJob | undefined, score: Infinity, isOverdue: false, isReadyGang };
    let other = { ...best };
    for (const head of this.#queue.heads(policy)) {
      if (isClosed(head.limitClass, closedFrom)) break;
      other.job = head.job;
      other.score = ageScoreOf(head, head.submittedAt, shape);
      other.isOverdue = overdue.size > 0 && overdue.has(head.job.id);
      if (byScore(other, best) >= 0) continue;
      [best, other] = [other, best];
      bestBucket = head.bucket;
    }
    return bestBucket && this.#open(bestBucket);
  }

  #openAll(): Heap<Cursor> {
    const closedFrom = this.#rules.closedFrom();
    const cursors: Cursor[] = [];
    for (const bucket of this.#queue.buckets) {
      if (isClosed(bucket.classes.limit, closedFrom)) break;
      const cursor = bucket === this.#first?.bucket ? this.#first : this.#open(bucket);
      if (cursor.job && !cursor.isOut) cursors.push(cursor);
    }
    return new Heap(cursors, byScore);
  }

  #open(bucket: Bucket): Cursor {
    const { goOn, policy } = this.#rules;
    return goOn?.(bucket) ?? new Cursor(bucket, this.#rules, { jobs: bucket.ordered(policy) });
  }
}

/** Those after it are, too. */
function isClosed(limit: number | null, closedFrom: number): boolean {
  return limit !== null && limit >= closedFrom;
}
