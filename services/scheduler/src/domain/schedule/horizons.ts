// What nodes have to give from now on, remembered until something changes on them.
import { type Horizon, horizonOf, type HorizonOptions } from './horizon.ts';
import type { NodeLedger, Placed } from './node-ledger.ts';

interface Known {
  readonly version: number;
  readonly now: number;
  readonly horizon: Horizon;
}

export class Horizons {
  readonly #known = new Map<NodeLedger, Known>();
  readonly #counts: (entry: Placed) => boolean;

  /** Of those entries of a node only. */
  constructor(counts: (entry: Placed) => boolean) {
    this.#counts = counts;
  }

  of(ledger: NodeLedger, options: HorizonOptions): Horizon {
    const { now } = options;
    const known = this.#known.get(ledger);
    if (known?.version === ledger.version) {
      const { horizon } = known;
      if (horizon.isMoving ? known.now === now : now < horizon.firstEnd) return horizon;
    }
    const horizon = horizonOf(ledger, ledger.placed.filter(this.#counts), options);
    this.#known.set(ledger, { version: ledger.version, now, horizon });
    return horizon;
  }
}
