// How many devices those need who wait for several before a job: on each node the fewest that any of them does.
import type { LineWant } from './line-offer.ts';
import type { NodeLedger } from './node-ledger.ts';
import type { ShapeView } from './shape-view.ts';

export class WidthsAhead {
  /** Equal where it says the same of all nodes. */
  readonly key: string;
  /** One for each way in which nodes suit: the most modest of those. */
  readonly #views: readonly ShapeView[];

  constructor(views: Iterable<ShapeView>) {
    const least = new Map<number, ShapeView>();
    for (const view of views) {
      const known = least.get(view.suiting);
      if (!known || view.shape.devices < known.shape.devices) least.set(view.suiting, view);
    }
    this.#views = [...least.values()];
    this.key = this.#views
      .map(({ suiting, shape }) => `${suiting}:${shape.devices}`)
      .toSorted()
      .join('|');
  }

  get isNobody(): boolean {
    return this.#views.length === 0;
  }

  /** Of those who could have some of the devices in the mask; infinite if there are none. */
  at(ledger: NodeLedger, mask: number): number {
    let width = Infinity;
    for (const view of this.#views)
      if (view.shape.devices < width && (view.mask(ledger) & mask) !== 0) width = view.shape.devices;
    return width;
  }
}

export const NOBODY_AHEAD = new WidthsAhead([]);

/** What a job of the shape asks of the line of a node. */
export function lineWant(view: ShapeView, ledger: NodeLedger, ahead: WidthsAhead): LineWant {
  const mask = view.mask(ledger);
  return { kind: view.shape.deviceKind, devices: view.shape.devices, mask, widthAhead: ahead.at(ledger, mask) };
}
