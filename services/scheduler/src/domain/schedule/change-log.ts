// Which nodes changed, in order, so that what was found of all nodes is checked again for those only.
import type { NodeLedger } from './node-ledger.ts';

const KEPT = 4_096;

export class ChangeLog {
  #first = 0;
  #entries: NodeLedger[] = [];

  /** The place of the next change. */
  get end(): number {
    return this.#first + this.#entries.length;
  }

  add(ledger: NodeLedger): void {
    this.#entries.push(ledger);
    if (this.#entries.length < 2 * KEPT) return;
    this.#first += KEPT;
    this.#entries = this.#entries.slice(KEPT);
  }

  /** The nodes of all changes since then, some more than once; null if that is too long ago to know. */
  since(place: number): Iterable<NodeLedger> | null {
    return place < this.#first ? null : this.#entries.slice(place - this.#first);
  }

  /** Whether the node of any change since then passes; also if that is too long ago to know. */
  some(since: number, passes: (ledger: NodeLedger) => boolean): boolean {
    if (since < this.#first) return true;
    for (let index = since - this.#first; index < this.#entries.length; index += 1) {
      const ledger = this.#entries[index];
      // Of changes of one node in a row one look will do.
      if (ledger && ledger !== this.#entries[index + 1] && passes(ledger)) return true;
    }
    return false;
  }
}
