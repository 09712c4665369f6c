// What is known of a shape: which hardware suits, which nodes can hold it, and that it fits nowhere now.
import { countPreferredLabels, hasRequiredLabels, suitableGroups } from './able.ts';
import type { EngineShape } from './engine-model.ts';
import { engineShapeKey } from './engine-shape.ts';
import type { NodeLedger, ShapeMask } from './node-ledger.ts';
import type { Refusal, RefusedAsk } from './refusal.ts';
import { sharesFor } from './shared-devices.ts';

/** No line had room for a job, when others of these shapes waited before it. */
interface LineRefusal {
  readonly refused: RefusedAsk;
  readonly wider: readonly ShapeView[];
}

export class ShapeView implements ShapeMask {
  readonly shape: EngineShape;
  readonly prefers: boolean;
  /** Nodes that could hold it when they are empty, and those of them that take jobs; by id, as of `topology`. */
  able: readonly NodeLedger[] = [];
  accepting: readonly NodeLedger[] = [];
  topology = -1;
  /** It fits nowhere now. */
  closed: Refusal | null = null;
  /** It fits, but is kept out everywhere by promises. */
  withheld: RefusedAsk | null = null;
  /** No line has room for it. */
  lineless: Refusal | null = null;
  /** Where there was room in line when last that was asked: looked at first. */
  roomy: NodeLedger | null = null;
  /** There is room, but in no line could promises be kept: with nobody wider before it, and with some. */
  readonly noLine: { alone: LineRefusal | null; beside: LineRefusal | null } = { alone: null, beside: null };
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

  survey(ledgers: readonly NodeLedger[], topology: number): void {
    if (this.topology === topology) return;
    this.topology = topology;
    this.able = ledgers.filter((ledger) => this.mask(ledger) !== 0);
    this.accepting = this.able.filter((ledger) => ledger.node?.refuses === null);
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
