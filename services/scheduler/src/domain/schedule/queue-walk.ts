// One pass through the queue in the order of the policy, which follows what the pass starts and finds not to fit.
import type { Device } from '@baton/contracts';
import type { Owner, WaitingJob } from './engine-model.ts';
import { chargedDevices } from './engine-shape.ts';
import { classOf } from './limit-class.ts';
import { isPromoted, priorityOf } from './ordering.ts';
import type { OwnerQueue, QueueSection, QueueView, ShapeEntry } from './queue-buckets.ts';
import { WalkBlocks } from './walk-blocks.ts';
import type { Cursor } from './walk-cursor.ts';
import { WalkLevel } from './walk-level.ts';
import { type OrderView, WalkStandings } from './walk-standings.ts';

/** A start is charged to its owner for so long at most, so that in one pass not all goes to whoever stands first. */
const HORIZON_MS = 3_600_000;

export interface WalkParts {
  readonly view: OrderView;
  readonly isOpen: (entry: ShapeEntry) => boolean;
  readonly sections: readonly QueueSection[];
}

export class Walk {
  readonly #queue: QueueView;
  readonly #view: OrderView;
  readonly #standings: WalkStandings;
  readonly #blocks = new WalkBlocks();
  /** By priority, the last one first; each is looked into only when it is its turn. */
  readonly #pending: (readonly [number, OwnerQueue[]])[];
  readonly #open: ReadonlySet<ShapeEntry>;
  #level: WalkLevel | null = null;
  #given: Cursor | null = null;

  constructor(queue: QueueView, { view, isOpen, sections }: WalkParts) {
    this.#queue = queue;
    this.#view = view;
    this.#standings = new WalkStandings(view);
    this.#open = new Set([...queue.shapes()].filter(isOpen));
    const priority = priorityOf(view.policy);
    const levels = new Map<number, OwnerQueue[]>();
    const addTo = (level: number, owners: Iterable<OwnerQueue>) => {
      const known = levels.get(level);
      if (known === undefined) levels.set(level, [...owners]);
      else for (const owner of owners) known.push(owner);
    };
    for (const section of this.#open.size === 0 ? [] : sections)
      for (const [className, owners] of queue.classes(section)) addTo(priority(className), owners.values());
    this.#pending = [...levels].toSorted(([a], [b]) => a - b);
  }

  /** Without a word on the job before it, that one is passed over. */
  next(): WaitingJob | null {
    if (this.#given) this.#level?.advance(this.#given);
    this.#given = this.#peek();
    return this.#given?.job ?? null;
  }

  /** The last one given has waited too long: it is one to be promised a start. */
  isDue(): boolean {
    const { job, isOverdue } = this.#last().cursor;
    return isOverdue || (job !== undefined && isPromoted(job, this.#view));
  }

  /** The last one given starts: its owner is charged for it, in this walk. */
  taken(): void {
    const { cursor, level } = this.#last();
    const { job, bucket } = cursor;
    if (job) {
      const limitMs = job.limitMs ?? this.#view.policy.backfill.defaultTimeLimitMs;
      this.#standings.charge(bucket.queue.parent.entry, chargedDevices(job.shape) * Math.min(limitMs, HORIZON_MS));
    }
    level.advance(cursor);
    this.#given = null;
  }

  /** No more of the last one's bucket: same class, owner, shape and size. */
  blockBucket(): void {
    const { cursor, level } = this.#last();
    level.drop(cursor);
    this.#given = null;
  }

  /** No more jobs of this shape with such a time limit or a longer one. */
  blockShape(shapeKey: string, minLimitMs: number | null = null): void {
    const shape = this.#queue.shape(shapeKey);
    if (shape && this.#open.has(shape))
      this.#blocks.closeShape(shape, minLimitMs === null ? -Infinity : classOf(minLimitMs));
  }

  /** What has just been given may have been the last that some shapes could have. */
  blockClosed(isOpen: (entry: ShapeEntry) => boolean): void {
    for (const shape of this.#open)
      if (!this.#blocks.isClosed(shape) && !isOpen(shape)) this.#blocks.closeShape(shape, -Infinity);
  }

  /** No more jobs of this owner for this kind of device, or none for so many devices and more. */
  blockOwner(owner: Owner, deviceKind: Device['kind'], minDevices = 0): void {
    this.#blocks.closeOwner(owner, deviceKind, minDevices);
  }

  #peek(): Cursor | null {
    while (this.#blocks.closed < this.#open.size) {
      const cursor = this.#level?.peek();
      if (cursor) return cursor;
      this.#level = this.#nextLevel();
      if (!this.#level) return null;
    }
    return null;
  }

  #nextLevel(): WalkLevel | null {
    const next = this.#pending.pop();
    if (!next) return null;
    const [, owners] = next;
    const [view, standings, blocks, openShapes] = [this.#view, this.#standings, this.#blocks, this.#open];
    return new WalkLevel({ view, standings, blocks, owners, openShapes });
  }

  #last(): { readonly cursor: Cursor; readonly level: WalkLevel } {
    if (!this.#given || !this.#level) throw new Error('The walk has given no job to say this of.');
    return { cursor: this.#given, level: this.#level };
  }
}
