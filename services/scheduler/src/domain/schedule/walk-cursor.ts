// A bucket inside a walk: the job that is next in it, and its score.
import type { WaitingJob } from './engine-model.ts';
import { byOrder, type Score } from './ordering.ts';
import type { Bucket } from './queue-buckets.ts';

export class Cursor {
  head: WaitingJob | undefined;
  score = 0;
  /** It gives no more jobs in this walk. */
  isOut = false;
  readonly #place = { piece: 0, index: 0 };
  readonly #scoreOf: Score;

  constructor(
    readonly bucket: Bucket,
    scoreOf: Score,
  ) {
    this.#scoreOf = scoreOf;
    this.#look();
  }

  advance(): void {
    this.bucket.jobs.advance(this.#place);
    this.#look();
  }

  #look(): void {
    this.head = this.bucket.jobs.at(this.#place);
    if (this.head) this.score = this.#scoreOf(this.head);
  }
}

export function byScore(a: Cursor, b: Cursor): number {
  return a.score - b.score || byHead(a, b);
}

export function byHead(a: Cursor, b: Cursor): number {
  if (!a.head || !b.head) return Number(!a.head) - Number(!b.head);
  return byOrder(a.head, b.head);
}
