// A bucket inside a walk: the job that is next in it, and where that stands among its owner's.
import type { WaitingJob } from './engine-model.ts';
import { byOrder, type Score, type SizeClasses } from './ordering.ts';
import type { Bucket } from './queue-buckets.ts';

export interface CursorRules {
  readonly scoreOf: Score;
  /** Jobs of this owner that go before its others. */
  readonly overdue: ReadonlySet<string>;
  /** Several whole nodes are free for it now, which is rare: it goes first. */
  readonly isReadyGang: boolean;
}

/** A job's place among its owner's. */
export interface JobStanding {
  readonly job: WaitingJob;
  readonly score: number;
  readonly isOverdue: boolean;
  readonly isReadyGang: boolean;
}

export class Cursor {
  head: JobStanding | null = null;
  /** It gives no more jobs in this walk. */
  isOut = false;
  readonly #place = { piece: 0, index: 0 };
  readonly #rules: CursorRules;

  constructor(
    readonly bucket: Bucket,
    rules: CursorRules,
  ) {
    this.#rules = rules;
    this.#look();
  }

  advance(): void {
    this.bucket.jobs.advance(this.#place);
    this.#look();
  }

  #look(): void {
    const job = this.bucket.jobs.at(this.#place);
    this.head = job ? standingOf(job, this.bucket.classes, this.#rules) : null;
  }
}

export function standingOf(
  job: WaitingJob,
  classes: SizeClasses,
  { scoreOf, overdue, isReadyGang }: CursorRules,
): JobStanding {
  return { job, score: scoreOf(job, classes), isOverdue: overdue.has(job.id), isReadyGang };
}

export function byScore(a: JobStanding, b: JobStanding): number {
  if (a.isReadyGang !== b.isReadyGang) return a.isReadyGang ? -1 : 1;
  if (a.isOverdue !== b.isOverdue) return a.isOverdue ? -1 : 1;
  if (!a.isOverdue && a.score !== b.score) return a.score - b.score;
  return byOrder(a.job, b.job);
}

/** Cursors by their heads; those without one last. */
export function byHead(compare: (a: JobStanding, b: JobStanding) => number): (a: Cursor, b: Cursor) => number {
  return (a, b) => (a.head && b.head ? compare(a.head, b.head) : Number(!a.head) - Number(!b.head));
}
