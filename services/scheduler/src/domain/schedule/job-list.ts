// Waiting jobs in an order, in pieces of bounded length: a change costs the same in a list of ten and of a million.
import type { WaitingJob } from './engine-model.ts';
import { byOrder } from './ordering.ts';

const PIECE = 512;

/** Where a job stands in a list; valid until the list changes. */
export interface Place {
  piece: number;
  index: number;
}

export class JobList {
  readonly #pieces: WaitingJob[][] = [];
  readonly #compare: (a: WaitingJob, b: WaitingJob) => number;
  #size = 0;

  /** By age, unless told otherwise. No two jobs may be equal. */
  constructor(compare: (a: WaitingJob, b: WaitingJob) => number = byOrder) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  get first(): WaitingJob | undefined {
    return this.#pieces[0]?.[0];
  }

  *[Symbol.iterator](): Iterator<WaitingJob> {
    for (const piece of this.#pieces) yield* piece;
  }

  at({ piece, index }: Place): WaitingJob | undefined {
    return this.#pieces[piece]?.[index];
  }

  /** Moves on to the next job. */
  advance(place: Place): void {
    place.index += 1;
    if (place.index < (this.#pieces[place.piece]?.length ?? 0)) return;
    place.piece += 1;
    place.index = 0;
  }

  add(job: WaitingJob): void {
    this.#size += 1;
    const last = this.#pieces.at(-1);
    const tail = last?.at(-1);
    if (!last || !tail || (last.length >= PIECE && this.#compare(tail, job) < 0)) {
      this.#pieces.push([job]);
      return;
    }
    const number = Math.min(this.#pieceOf(job), this.#pieces.length - 1);
    const piece = this.#pieces[number] ?? last;
    piece.splice(this.#firstNotBefore(piece, job), 0, job);
    if (piece.length > PIECE) this.#pieces.splice(number + 1, 0, piece.splice(PIECE >> 1));
  }

  /** Whether it was there. */
  remove(job: WaitingJob): boolean {
    const number = this.#pieceOf(job);
    const piece = this.#pieces[number];
    if (!piece) return false;
    const index = this.#firstNotBefore(piece, job);
    if (piece[index]?.id !== job.id) return false;
    piece.splice(index, 1);
    if (piece.length === 0) this.#pieces.splice(number, 1);
    this.#size -= 1;
    return true;
  }

  /** In the place of one with the same order and id. */
  replace(job: WaitingJob): void {
    const piece = this.#pieces[this.#pieceOf(job)];
    if (!piece) return;
    const index = this.#firstNotBefore(piece, job);
    if (piece[index]?.id === job.id) piece[index] = job;
  }

  /** How many jobs at the head of the list fulfil a condition that none fulfils after the first that does not. */
  countWhile(holds: (job: WaitingJob) => boolean): number {
    let count = 0;
    for (const piece of this.#pieces) {
      const last = piece.at(-1);
      if (last === undefined || !holds(last)) return count + partition(piece, holds);
      count += piece.length;
    }
    return count;
  }

  /** The number of the first piece that does not end before the job. */
  #pieceOf(job: WaitingJob): number {
    return partition(this.#pieces, (piece) => {
      const last = piece.at(-1);
      return last !== undefined && this.#compare(last, job) < 0;
    });
  }

  #firstNotBefore(jobs: readonly WaitingJob[], job: WaitingJob): number {
    return partition(jobs, (other) => this.#compare(other, job) < 0);
  }
}

function partition<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && holds(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
