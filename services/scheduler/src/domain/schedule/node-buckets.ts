// Nodes by a count, and inside a count in an order that depends on what is on them alone: kept up to date node by node.
import type { NodeLedger } from './node-ledger.ts';

export interface NodeSpot {
  readonly count: number;
  /** Inside a count it comes after those that are not. */
  readonly isWhole: boolean;
  /** Somebody was promised a start on it: it is drained, and until then better used than others. */
  readonly isPromised: boolean;
}

interface Entry extends NodeSpot {
  readonly ledger: NodeLedger;
}

export class NodeBuckets {
  /** At each count the nodes that have it; by id. */
  readonly buckets: Entry[][] = [];
  readonly #spotOf: (ledger: NodeLedger) => NodeSpot | null;
  readonly #entries = new Map<NodeLedger, Entry>();

  constructor(spotOf: (ledger: NodeLedger) => NodeSpot | null) {
    this.#spotOf = spotOf;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** After any change of the node. */
  update(ledger: NodeLedger): void {
    const before = this.#entries.get(ledger);
    const spot = this.#spotOf(ledger);
    if (isAt(before, spot)) return;
    if (before) {
      const bucket = this.buckets[before.count] ?? [];
      bucket.splice(position(bucket, before), 1);
      this.#entries.delete(ledger);
    }
    if (!spot) return;
    const entry = { ledger, ...spot };
    this.#entries.set(ledger, entry);
    while (this.buckets.length <= spot.count) this.buckets.push([]);
    const bucket = this.buckets[spot.count];
    bucket?.splice(position(bucket, entry), 0, entry);
  }
}

function position(bucket: readonly Entry[], entry: Entry): number {
  let low = 0;
  let high = bucket.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = bucket[middle];
    if (other && isBefore(other, entry)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore(one: Entry, other: Entry): boolean {
  if (one.isWhole !== other.isWhole) return other.isWhole;
  return one.isPromised === other.isPromised ? one.ledger.id < other.ledger.id : one.isPromised;
}

function isAt(entry: NodeSpot | undefined, spot: NodeSpot | null): boolean {
  const { count, isWhole, isPromised } = entry ?? {};
  return count === spot?.count && isWhole === spot?.isWhole && isPromised === spot?.isPromised;
}
