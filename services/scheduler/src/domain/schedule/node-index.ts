// The nodes that take jobs, by how many devices of a kind are free.
import type { NodeLedger } from './node-ledger.ts';
import type { Device } from '@baton/contracts';

type Kind = Device['kind'];
interface Spot {
  readonly free: number;
  readonly isWhole: boolean;
}
interface Entry {
  readonly ledger: NodeLedger;
  readonly isWhole: boolean;
}

export class NodeIndex {
  readonly #kinds = { cpu: new FreeCounts('cpu'), gpu: new FreeCounts('gpu') };

  /** After any change of the node. */
  update(ledger: NodeLedger): void {
    this.#kinds.cpu.update(ledger);
    this.#kinds.gpu.update(ledger);
  }

  /** Those with at least so many free: `pack` begins with the fewest, and among equals with broken nodes; `spread` with the most. */
  *withFree(kind: Kind, atLeast: number, placement: 'pack' | 'spread'): Iterable<NodeLedger> {
    const { buckets } = this.#kinds[kind];
    const least = Math.max(1, atLeast);
    for (let step = 0; step < buckets.length - least; step += 1) {
      const free = placement === 'pack' ? least + step : buckets.length - 1 - step;
      for (const { ledger } of buckets[free] ?? []) yield ledger;
    }
  }
}

class FreeCounts {
  /** At each number of free devices the nodes that have it. */
  readonly buckets: Entry[][] = [];
  readonly #kind: Kind;
  readonly #spots = new Map<NodeLedger, Spot>();

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  update(ledger: NodeLedger): void {
    const before = this.#spots.get(ledger);
    const after = spotOf(ledger, this.#kind);
    if (before && after && before.free === after.free && before.isWhole === after.isWhole) return;
    if (before) {
      const bucket = this.buckets[before.free] ?? [];
      bucket.splice(position(bucket, { ledger, isWhole: before.isWhole }), 1);
      this.#spots.delete(ledger);
    }
    if (!after) return;
    this.#spots.set(ledger, after);
    while (this.buckets.length <= after.free) this.buckets.push([]);
    const entry = { ledger, isWhole: after.isWhole };
    const bucket = this.buckets[after.free];
    bucket?.splice(position(bucket, entry), 0, entry);
  }
}

/** Nodes without a free device are not looked for. */
function spotOf({ node, free, sound }: NodeLedger, kind: Kind): Spot | null {
  if (node === null || node.refuses !== null || free[kind] === 0) return null;
  return { free: free[kind], isWhole: free[kind] === sound[kind] };
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
  return one.isWhole === other.isWhole ? one.ledger.id < other.ledger.id : other.isWhole;
}
