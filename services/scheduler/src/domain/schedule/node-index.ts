// The nodes that take jobs, by how many devices of a kind are free, and by the length of their lines.
import type { Device } from '@baton/contracts';
import type { NodeLedger } from './node-ledger.ts';

type Kind = Device['kind'];
interface Spot {
  readonly count: number;
  /** Inside a count it comes after those that are not. */
  readonly isWhole: boolean;
  /** Somebody was promised a start on it: it is drained, and until then better used than others. */
  readonly isPromised: boolean;
}
interface Entry extends Spot {
  readonly ledger: NodeLedger;
}

export class NodeIndex {
  readonly #free = { cpu: new Buckets(freeSpot('cpu')), gpu: new Buckets(freeSpot('gpu')) };
  readonly #lines = { cpu: new Buckets(lineSpot('cpu')), gpu: new Buckets(lineSpot('gpu')) };

  /** Sound devices of the node that has, or had, the most of a kind. */
  readonly mostSound = { cpu: 0, gpu: 0 };
  /** Nodes that take jobs, on which some have parts of devices; in no order. */
  readonly sharing = new Set<NodeLedger>();

  /** After any change of the node. */
  update(ledger: NodeLedger): void {
    if (ledger.shared.size > 0 && ledger.node?.refuses === null) this.sharing.add(ledger);
    else if (this.sharing.size > 0) this.sharing.delete(ledger);
    for (const kind of ['cpu', 'gpu'] as const) {
      this.mostSound[kind] = Math.max(this.mostSound[kind], ledger.sound[kind]);
      this.#free[kind].update(ledger);
      this.#lines[kind].update(ledger);
    }
  }

  /** Those with at least so many free: `pack` begins with the fewest, and among equals with broken nodes, then promised ones; `spread` with the most. */
  *withFree(kind: Kind, atLeast: number, placement: 'pack' | 'spread'): Iterable<NodeLedger> {
    const { buckets } = this.#free[kind];
    const least = Math.max(1, atLeast);
    for (let step = 0; step < buckets.length - least; step += 1) {
      const free = placement === 'pack' ? least + step : buckets.length - 1 - step;
      for (const { ledger } of buckets[free] ?? []) yield ledger;
    }
  }

  /** Those on which something is placed, with the shortest line first, up to those with so many in line. */
  *byLine(kind: Kind, most: number): Iterable<NodeLedger> {
    const { buckets } = this.#lines[kind];
    for (let count = 0; count <= most && count < buckets.length; count += 1)
      for (const { ledger } of buckets[count] ?? []) yield ledger;
  }
}

class Buckets {
  /** At each count the nodes that have it; by id. */
  readonly buckets: Entry[][] = [];
  readonly #spotOf: (ledger: NodeLedger) => Spot | null;
  readonly #entries = new Map<NodeLedger, Entry>();

  constructor(spotOf: (ledger: NodeLedger) => Spot | null) {
    this.#spotOf = spotOf;
  }

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

/** Nodes without a free device are not looked for. */
function freeSpot(kind: Kind): (ledger: NodeLedger) => Spot | null {
  return ({ node, free, sound, promised }) => {
    if (node === null || node.refuses !== null || free[kind] === 0) return null;
    return { count: free[kind], isWhole: free[kind] === sound[kind], isPromised: promised.length > 0 };
  };
}

function lineSpot(kind: Kind): (ledger: NodeLedger) => Spot | null {
  return ({ node, placed, inLine }) => {
    if (node === null || node.refuses !== null || placed.length === 0) return null;
    return { count: inLine[kind], isWhole: false, isPromised: false };
  };
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

function isAt(entry: Spot | undefined, spot: Spot | null): boolean {
  const { count, isWhole, isPromised } = entry ?? {};
  return count === spot?.count && isWhole === spot?.isWhole && isPromised === spot?.isPromised;
}
