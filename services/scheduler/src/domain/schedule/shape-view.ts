// What is known of a shape: which hardware suits, which nodes can hold it, and that it fits nowhere now.
import { countPreferredLabels, hasRequiredLabels, suitableGroups } from './able.ts';
import type { EngineShape } from './engine-model.ts';
import { engineShapeKey } from './engine-shape.ts';
import type { NodeLedger, ShapeMask } from './node-ledger.ts';
import { LineRefusals } from './line-refusals.ts';
import type { Refusal, RefusedAsk } from './refusal.ts';
import { sharesFor } from './shared-devices.ts';

export class ShapeView implements ShapeMask {
  readonly shape: EngineShape;
  readonly prefers: boolean;
  /** Nodes that could hold it when they are empty, and those of them that take jobs; by id, as of `topology`. */
  able: readonly NodeLedger[] = [];
  accepting: readonly NodeLedger[] = [];
  /** Equal for shapes whom the same devices of all nodes suit, as of `topology`. */
  suiting = -1;
  topology = -1;
  /** It fits nowhere now. */
  closed: Refusal | null = null;
  /** It fits, but is kept out everywhere by promises. */
  withheld: RefusedAsk | null = null;
  /** There is room in line, but promises could not be kept. */
  readonly lineRefusals = new LineRefusals();
  readonly #masks: (number | undefined)[] = [];

  constructor(shape: EngineShape) {
    this.shape = shape;
    this.prefers = Object.keys(shape.preferredLabels).length > 0;
  }

  mask({ id, node, hardware }: NodeLedger): number {
    if (!node || !hardware || (this.shape.nodeId !== null && this.shape.nodeId !== id)) return 0;
    if (!sharesFor(this.shape, node)) return 0;
    const mask = (this.#masks[hardware.id] ??= suitableGroups(this.shape, hardware));
    return mask !== 0 && hasRequiredLabels(this.shape, node.description.labels) ? mask : 0;
  }

  preference({ node }: NodeLedger): number {
    return node && this.prefers ? countPreferredLabels(this.shape, node.description.labels) : 0;
  }

  survey(ledgers: readonly NodeLedger[], topology: number, suitings: Suitings): void {
    if (this.topology === topology) return;
    this.topology = topology;
    const masks = ledgers.map((ledger) => this.mask(ledger));
    this.suiting = suitings.of(masks);
    this.able = ledgers.filter((_, index) => masks[index] !== 0);
    this.accepting = this.able.filter((ledger) => ledger.node?.refuses === null);
  }
}

/** A number for each way in which devices of the nodes suit, never to be used again for another. */
export class Suitings {
  readonly #known = new Map<string, number>();
  #next = 0;

  /** Of all nodes, in one and the same order. */
  of(masks: readonly number[]): number {
    const key = masks.join();
    let suiting = this.#known.get(key);
    if (suiting === undefined) this.#known.set(key, (suiting = this.#next++));
    return suiting;
  }

  /** After the nodes have changed. */
  clear(): void {
    this.#known.clear();
  }
}

/** What is forgotten is found out again. */
const MOST_VIEWS = 4_096;

/** One view for all equal shapes. */
export class ShapeViews {
  readonly #byKey = new Map<string, ShapeView>();
  readonly #byShape = new WeakMap<EngineShape, ShapeView>();

  of(shape: EngineShape): ShapeView {
    const known = this.#byShape.get(shape);
    if (known) return known;
    const key = engineShapeKey(shape);
    const view = this.#byKey.get(key) ?? new ShapeView(shape);
    if (this.#byKey.size >= MOST_VIEWS) this.#byKey.clear();
    this.#byKey.set(key, view);
    this.#byShape.set(shape, view);
    return view;
  }
}
