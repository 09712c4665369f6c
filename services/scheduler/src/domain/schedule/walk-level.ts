// The jobs of one priority inside a walk: promoted ones, then owners below their guarantee, then the rest.
import type { WaitingJob } from './engine-model.ts';
import { Heap } from './heap.ts';
import { classOf } from './limit-class.ts';
import { isPromoted, type Score, scoreBy } from './ordering.ts';
import { type Oldest, OwnerTree } from './owner-tree.ts';
import type { Bucket, OwnerEntry, OwnerQueue, ShapeQueue } from './queue-buckets.ts';
import type { WalkBlocks } from './walk-blocks.ts';
import { byHead, Cursor } from './walk-cursor.ts';
import type { OrderView, WalkStandings } from './walk-standings.ts';

export interface LevelParts {
  readonly view: OrderView;
  readonly standings: WalkStandings;
  readonly blocks: WalkBlocks;
  /** All owners of the level's classes, also those none of whose shapes is open. */
  readonly owners: Iterable<OwnerQueue>;
  /** Of the open shapes. */
  readonly queues: readonly ShapeQueue[];
}

export class WalkLevel {
  readonly #parts: LevelParts;
  readonly #scoreOf: Score;
  readonly #defaultLimitClass: number;
  readonly #promoted: Heap<Cursor>;
  /** Those that have promoted jobs; they go on with the rest afterwards. */
  readonly #cursors = new Map<Bucket, Cursor>();
  readonly #below: OwnerTree;
  readonly #rest: OwnerTree;
  #from: 'promoted' | OwnerTree = 'promoted';

  constructor(parts: LevelParts) {
    const { view, standings, owners, queues } = parts;
    this.#parts = parts;
    this.#scoreOf = scoreBy(view.policy, view.now);
    this.#defaultLimitClass = classOf(view.policy.backfill.defaultTimeLimitMs);
    this.#promoted = new Heap([...this.#promotedCursors(queues)], byHead);
    const oldest: Oldest = standings.isByOwner ? oldestOf(owners) : new Map();
    const open = (queue: ShapeQueue) => this.#open(queue);
    this.#below = new OwnerTree(standings, oldest, open);
    this.#rest = new OwnerTree(standings, oldest, open);
    const isBelow = this.#guarantees();
    for (const queue of queues) (isBelow(queue.parent.entry) ? this.#below : this.#rest).add(queue);
  }

  /** The bucket whose job is next. */
  peek(): Cursor | null {
    return this.#peekPromoted() ?? this.#peekBelow() ?? this.#peekTree(this.#rest);
  }

  /** The bucket that was given last goes on with its next job. */
  advance(cursor: Cursor): void {
    cursor.advance();
    if (this.#from !== 'promoted') this.#from.settle();
    else if (cursor.head && this.#isPromoted(cursor.head)) this.#promoted.settleTop();
    else this.#promoted.dropTop();
  }

  /** The bucket that was given last gives no more. */
  drop(cursor: Cursor): void {
    cursor.isOut = true;
    if (this.#from === 'promoted') this.#promoted.dropTop();
    else this.#from.drop();
  }

  #peekPromoted(): Cursor | null {
    this.#from = 'promoted';
    for (let cursor = this.#promoted.top; cursor; cursor = this.#promoted.top) {
      if (!this.#isOut(cursor)) return cursor;
      this.drop(cursor);
    }
    return null;
  }

  /** Those who have reached their guarantee in this walk go on with the rest. */
  #peekBelow(): Cursor | null {
    for (let cursor = this.#peekTree(this.#below); cursor; cursor = this.#peekTree(this.#below)) {
      if (this.#parts.standings.isBelowGuarantee(cursor.bucket.queue.parent.entry.owner)) return cursor;
      this.#below.drop();
      this.#rest.move(cursor);
    }
    return null;
  }

  #peekTree(tree: OwnerTree): Cursor | null {
    this.#from = tree;
    for (let cursor = tree.peek(); cursor; cursor = tree.peek()) {
      if (!this.#isOut(cursor)) return cursor;
      this.drop(cursor);
    }
    return null;
  }

  #isOut({ bucket, isOut }: Cursor): boolean {
    return isOut || this.#limitClass(bucket) >= this.#parts.blocks.closedFrom(bucket.queue);
  }

  #isPromoted(job: WaitingJob): boolean {
    return isPromoted(job, this.#parts.view.policy, this.#parts.view.now);
  }

  *#promotedCursors(queues: readonly ShapeQueue[]): Generator<Cursor> {
    const { policy, now } = this.#parts.view;
    for (const queue of queues) {
      if (!isPromoted(queue.oldest, policy, now)) continue;
      for (const bucket of queue.buckets) {
        if (!bucket.jobs.first || !this.#isPromoted(bucket.jobs.first)) continue;
        const cursor = new Cursor(bucket, this.#scoreOf);
        this.#cursors.set(bucket, cursor);
        yield cursor;
      }
    }
  }

  #open(queue: ShapeQueue): Cursor[] {
    const found: Cursor[] = [];
    const closedFrom = this.#parts.blocks.closedFrom(queue);
    if (closedFrom === -Infinity) return found;
    for (const bucket of queue.buckets) {
      if (bucket.classes.limit !== null && bucket.classes.limit >= closedFrom) break;
      const cursor = this.#cursors.get(bucket) ?? new Cursor(bucket, this.#scoreOf);
      if (cursor.head && !cursor.isOut) found.push(cursor);
    }
    return found;
  }

  #limitClass({ classes }: Bucket): number {
    return classes.limit ?? this.#defaultLimitClass;
  }

  #guarantees(): (entry: OwnerEntry) => boolean {
    const known = new Map<OwnerEntry, boolean>();
    return (entry) => {
      let isBelow = known.get(entry);
      if (isBelow === undefined) {
        isBelow = this.#parts.standings.isBelowGuarantee(entry.owner);
        known.set(entry, isBelow);
      }
      return isBelow;
    };
  }
}

/** By group and by user. */
export function oldestOf(owners: Iterable<OwnerQueue>): Oldest {
  const oldest = new Map<string, number>();
  for (const { entry, oldestOrder } of owners) {
    oldest.set(entry.groupKey, Math.min(oldestOrder, oldest.get(entry.groupKey) ?? Infinity));
    oldest.set(entry.key, Math.min(oldestOrder, oldest.get(entry.key) ?? Infinity));
  }
  return oldest;
}
