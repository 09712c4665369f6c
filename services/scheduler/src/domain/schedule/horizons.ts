// What nodes have to give from now on, remembered until something changes on them.
import { type Horizon, horizonOf, type HorizonOptions } from './horizon.ts';
import type { NodeLedger, Placed } from './node-ledger.ts';

interface Known {
  readonly version: number;
  readonly now: number;
  readonly horizon: Horizon;
}

export class Horizons {
  /** By the place of the node. */
  readonly #known: (Known | undefined)[] = [];
  readonly #counts: (entry: Placed) => boolean;

  /** Of those entries of a node only. */
  constructor(counts: (entry: Placed) => boolean) {
    this.#counts = counts;
  }

  of(ledger: NodeLedger, options: HorizonOptions): Horizon {
    const { now } = options;
    const known = this.#known[ledger.place];
    if (known?.version === ledger.version) {
      const { horizon } = known;
      if (horizon.isMoving ? known.now === now : now < horizon.firstEnd) return horizon;
    }
    const horizon = horizonOf(ledger, ledger.placed.filter(this.#counts), options);
    this.#known[ledger.place] = { version: ledger.version, now, horizon };
    return horizon;
  }
}
