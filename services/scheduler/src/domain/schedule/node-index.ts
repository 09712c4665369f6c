// The nodes that take jobs, by how many devices of a kind are free.
import type { Device } from '@baton/contracts';
import { NodeBuckets, type NodeSpot } from './node-buckets.ts';
import type { NodeLedger } from './node-ledger.ts';

type Kind = Device['kind'];

export class NodeIndex {
  readonly #free = { cpu: new NodeBuckets(freeSpot('cpu')), gpu: new NodeBuckets(freeSpot('gpu')) };

  /** Nodes that take jobs, on which some have parts of devices; in no order. */
  readonly sharing = new Set<NodeLedger>();

  /** After any change of the node. */
  update(ledger: NodeLedger): void {
    if (ledger.shared.size > 0 && ledger.node?.refuses === null) this.sharing.add(ledger);
    else if (this.sharing.size > 0) this.sharing.delete(ledger);
    this.#free.cpu.update(ledger);
    this.#free.gpu.update(ledger);
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
}

/** Nodes without a free device are not looked for. */
function freeSpot(kind: Kind): (ledger: NodeLedger) => NodeSpot | null {
  return ({ node, free, sound, promised }) => {
    if (node === null || node.refuses !== null || free[kind] === 0) return null;
    return { count: free[kind], isWhole: free[kind] === sound[kind], isPromised: promised.length > 0 };
  };
}
