// The jobs of one priority inside a walk: promoted ones, then owners below their guarantee, then the rest.
import { Heap } from './heap.ts';
import { classOf } from './limit-class.ts';
import { isPromoted, type OverdueAfter, overdueBy, type Score, scoreBy, scoreByAge } from './ordering.ts';
import { overdueJobs } from './overdue-jobs.ts';
import { type Oldest, OwnerTree } from './owner-tree.ts';
import type { Bucket, OwnerEntry, OwnerQueue, ShapeEntry, ShapeQueue } from './queue-buckets.ts';
import type { WalkBlocks } from './walk-blocks.ts';
import { ShapeCursor, type ShapeWalk } from './shape-cursor.ts';
import { byAge, Cursor, type CursorRules } from './walk-cursor.ts';
import type { OrderView, WalkStandings } from './walk-standings.ts';

export interface LevelParts {
  readonly view: OrderView;
  readonly standings: WalkStandings;
  readonly blocks: WalkBlocks;
  /** All owners of the level's classes, also those none of whose shapes is open. */
  readonly owners: readonly OwnerQueue[];
  readonly openShapes: ReadonlySet<ShapeEntry>;
}

export class WalkLevel {
  readonly #parts: LevelParts;
  readonly #scoreOf: Score;
  readonly #walk: ShapeWalk;
  readonly #defaultLimitClass: number;
  readonly #promoted: Heap<Cursor>;
  /** Those that have promoted jobs; they go on with the rest afterwards. */
  readonly #cursors = new Map<Bucket, Cursor>();
  readonly #below: OwnerTree;
  readonly #rest: OwnerTree;
  readonly #overdue = new Map<OwnerEntry, ReadonlySet<string>>();
  /** The same for all owners; made when it is first asked for. */
  #overdueAfter: OverdueAfter | null = null;
  readonly #readyGangs = new Map<ShapeEntry, boolean>();
  #from: 'promoted' | OwnerTree = 'promoted';

  constructor(parts: LevelParts) {
    const { view, standings, owners } = parts;
    this.#parts = parts;
    this.#scoreOf = scoreBy(view);
    this.#defaultLimitClass = classOf(view.policy.backfill.defaultTimeLimitMs);
    this.#promoted = new Heap([...this.#promotedCursors()], byAge);
    const goOn = (bucket: Bucket, rules: CursorRules) => this.#goOn(bucket, rules);
    this.#walk = { ageScoreOf: scoreByAge(view), blocks: parts.blocks, goOn: this.#cursors.size > 0 ? goOn : null };
    const oldest = oldestOf(standings.isByOwner ? owners : []);
    const open = (owner: OwnerQueue) => this.#queuesOpen(owner).flatMap((queue) => this.#open(queue));
    this.#below = new OwnerTree(standings, oldest, open);
    this.#rest = new OwnerTree(standings, oldest, open);
    const isBelow = standings.hasGuarantees ? this.#guarantees() : () => false;
    for (const owner of owners) (isBelow(owner.entry) ? this.#below : this.#rest).add(owner);
  }

  /** The bucket whose job is next. */
  peek(): Cursor | null {
    return this.#peekPromoted() ?? this.#peekBelow() ?? this.#peekTree(this.#rest);
  }

  /** The bucket that was given last goes on with its next job. */
  advance(cursor: Cursor): void {
    cursor.advance();
    if (this.#from !== 'promoted') this.#from.settle();
    else if (cursor.job && isPromoted(cursor.job, this.#parts.view)) this.#promoted.settleTop();
    else this.#promoted.dropTop();
  }

  /** The bucket that was given last gives no more. */
  drop(cursor: Cursor): void {
    if (this.#from !== 'promoted') this.#from.drop();
    else {
      cursor.isOut = true;
      this.#promoted.dropTop();
    }
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
      const moved = this.#below.take();
      if (moved) this.#rest.move(moved);
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

  #queuesOpen({ shapes }: OwnerQueue): ShapeQueue[] {
    const { openShapes } = this.#parts;
    if (openShapes.size < shapes.size) return [...openShapes].flatMap((shape) => shapes.get(shape) ?? []);
    return [...shapes].flatMap(([shape, queue]) => (openShapes.has(shape) ? queue : []));
  }

  *#promotedCursors(): Generator<Cursor> {
    const { view, owners } = this.#parts;
    const late = view.policy.promoteAfterMs > 0 ? owners.filter(({ oldest }) => isPromoted(oldest, view)) : [];
    for (const queue of late.flatMap((owner) => this.#queuesOpen(owner))) {
      if (!isPromoted(queue.oldest, view)) continue;
      for (const bucket of queue.buckets) {
        if (!bucket.jobs.first || !isPromoted(bucket.jobs.first, view)) continue;
        const cursor = new Cursor(bucket, this.#rules(queue));
        this.#cursors.set(bucket, cursor);
        yield cursor;
      }
    }
  }

  #open(queue: ShapeQueue): ShapeCursor[] {
    if (this.#shortest(queue) >= this.#parts.blocks.closedFrom(queue)) return [];
    const cursor = new ShapeCursor(queue, this.#rules(queue), this.#walk);
    return cursor.standing ? [cursor] : [];
  }

  /** After its promoted jobs, which are given by age. */
  #goOn(bucket: Bucket, rules: CursorRules): Cursor {
    const promoted = this.#cursors.get(bucket);
    const { view } = this.#parts;
    const jobs = bucket.ordered(view.policy);
    if (promoted && (promoted.isOut || jobs === bucket.jobs)) return promoted;
    return new Cursor(bucket, rules, promoted ? { jobs, isGiven: (job) => isPromoted(job, view) } : { jobs });
  }

  #shortest({ buckets: [first] }: ShapeQueue): number {
    return first?.classes.limit ?? -1;
  }

  #rules({ shape, parent }: ShapeQueue): CursorRules {
    let overdue = this.#overdue.get(parent.entry);
    if (!overdue) {
      const { owners, view } = this.#parts;
      this.#overdueAfter ??= overdueBy(view);
      const queues = owners.filter(({ entry }) => entry === parent.entry);
      overdue = overdueJobs(queues, view, this.#overdueAfter);
      this.#overdue.set(parent.entry, overdue);
    }
    return { policy: this.#parts.view.policy, scoreOf: this.#scoreOf, overdue, isReadyGang: this.#isReadyGang(shape) };
  }

  #isReadyGang(entry: ShapeEntry): boolean {
    let isReady = this.#readyGangs.get(entry);
    if (isReady === undefined) this.#readyGangs.set(entry, (isReady = isReadyGang(entry, this.#parts.view)));
    return isReady;
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

export function isReadyGang({ shape }: ShapeEntry, { isGangReady, policy }: OrderView): boolean {
  return policy.order === 'fair-share' && shape.nodes > 1 && isGangReady?.(shape) === true;
}

/** By group and by user; found out when it is first asked. */
export function oldestOf(owners: Iterable<OwnerQueue>): Oldest {
  let found: Map<string, number> | null = null;
  return () => {
    if (found) return found;
    found = new Map<string, number>();
    for (const { entry, oldest } of owners)
      for (const key of [entry.groupKey, entry.key]) found.set(key, Math.min(oldest.order, found.get(key) ?? Infinity));
    return found;
  };
}
