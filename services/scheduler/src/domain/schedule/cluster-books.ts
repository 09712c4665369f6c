// All nodes' books, kept up to date change by change; what was tried can be undone.
import type { Ask } from './ask.ts';
import { ChangeLog } from './change-log.ts';
import type { Booking, EngineNode, EngineShape, Reservation, RunningAttempt } from './engine-model.ts';
import { HardwareCatalogue } from './hardware.ts';
import type { HorizonOptions } from './horizon.ts';
import { Horizons } from './horizons.ts';
import { NodeIndex } from './node-index.ts';
import { NodeLedger, type Promised } from './node-ledger.ts';
import { NodeProfile } from './node-profile.ts';
import type { Refusal } from './refusal.ts';
import { LineNodes } from './line-nodes.ts';
import { lineOn, nextLateAt } from './line-offer.ts';
import { type ShapeView, ShapeViews, Suitings } from './shape-view.ts';
import { lineWant, type WidthsAhead } from './widths-ahead.ts';

export interface ClusterOptions {
  readonly placement: 'pack' | 'spread';
  /** Of a running job that has no limit of its own. */
  readonly defaultLimitMs: number;
}

export interface JobPromise {
  readonly ask: Ask;
  readonly reservation: Reservation;
}

/** What the cluster has of a job: one, the other, or nothing. */
interface JobEntry {
  readonly attempt: RunningAttempt | null;
  readonly promise: JobPromise | null;
}

const NOTHING: JobEntry = { attempt: null, promise: null };
/** What is forgotten is found out again. */
const MOST_LINE_NODES = 256;

export class ClusterBooks {
  readonly index = new NodeIndex();
  readonly #ledgers = new Map<string, NodeLedger>();
  readonly #jobs = new Map<string, JobEntry>();
  readonly #catalogue = new HardwareCatalogue();
  readonly #views = new ShapeViews();
  readonly #suitings = new Suitings();
  readonly #lineNodes = new Map<string, LineNodes>();
  /** Changes by which something may fit that did not. */
  readonly eased = new ChangeLog();
  readonly changed = new ChangeLog();
  /** Promises for which no sooner start was found at the time. */
  readonly noSooner = new WeakMap<JobPromise, { readonly now: number; readonly refusal: Refusal }>();
  readonly #horizons = new Horizons(() => true);
  readonly #horizonsWithoutLines = new Horizons(({ attempt }) => attempt.waiting === null);
  #options: ClusterOptions;
  #time: HorizonOptions = { now: 0, defaultLimitMs: 0 };
  #bookings: readonly Booking[] = [];
  #sorted: readonly NodeLedger[] | null = null;
  #topology = 0;
  #undo: (() => void)[] | null = null;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  get options(): ClusterOptions {
    return this.#options;
  }

  configure(options: ClusterOptions): void {
    const before = this.#options;
    this.#onUndo(() => this.configure(before));
    this.#options = options;
    for (const ledger of this.#ledgers.values()) this.#refresh(ledger, true);
  }

  setNode(id: string, node: EngineNode | null): void {
    const ledger = this.#ledger(id);
    const before = ledger.node;
    if (before !== null && node !== null && isSameNode(before, node)) return;
    if (before === node) return;
    this.#onUndo(() => this.setNode(id, before));
    ledger.setNode(node, this.#catalogue);
    ledger.bookings = this.#bookings.filter(({ nodeId }) => nodeId === id);
    this.#topology += 1;
    this.#suitings.clear();
    this.#lineNodes.clear();
    this.#sorted = null;
    this.#refresh(ledger, true);
  }

  setBookings(bookings: readonly Booking[]): void {
    const before = this.#bookings;
    this.#onUndo(() => this.setBookings(before));
    this.#bookings = bookings;
    for (const ledger of this.#ledgers.values()) {
      const own = bookings.filter(({ nodeId }) => nodeId === ledger.id);
      if (own.length === 0 && ledger.bookings.length === 0) continue;
      ledger.bookings = own;
      this.#refresh(ledger, true);
    }
  }

  setAttempt(jobId: string, attempt: RunningAttempt | null): void {
    this.#set(jobId, { attempt, promise: null });
  }

  setPromise(jobId: string, promise: JobPromise | null): void {
    this.#set(jobId, { attempt: this.attempt(jobId), promise });
  }

  get hasBookings(): boolean {
    return this.#bookings.length > 0;
  }

  attempt(jobId: string): RunningAttempt | null {
    return this.#jobs.get(jobId)?.attempt ?? null;
  }

  promise(jobId: string): JobPromise | null {
    return this.#jobs.get(jobId)?.promise ?? null;
  }

  ledger(id: string): NodeLedger | undefined {
    return this.#ledgers.get(id);
  }

  /** Those that have joined, by id. */
  ledgers(): readonly NodeLedger[] {
    this.#sorted ??= [...this.#ledgers.values()]
      .filter(({ node }) => node !== null)
      .toSorted((one, other) => (one.id < other.id ? -1 : 1));
    return this.#sorted;
  }

  view(shape: EngineShape): ShapeView {
    const view = this.#views.of(shape);
    view.survey(this.ledgers(), this.#topology, this.#suitings);
    return view;
  }

  /** Those whose lines have something for the shape, when others wait before it for several devices. */
  lineNodes(view: ShapeView, ahead: WidthsAhead): LineNodes {
    const { deviceKind, devices } = view.shape;
    const key = `${view.suiting}/${devices}/${ahead.key}`;
    const known = this.#lineNodes.get(key);
    if (known) return known;
    const wantOf = (ledger: NodeLedger) => lineWant(view, ledger, ahead);
    const found = new LineNodes(this.changed, () => this.ledgers(), {
      countInLine: ({ inLine }) => inLine[deviceKind],
      offers: (ledger, now) => lineOn(ledger, wantOf(ledger), this.#timeOf(now)) !== null,
      nextAt: (ledger, now) => nextLateAt(ledger, wantOf(ledger), this.#timeOf(now)),
    });
    if (this.#lineNodes.size >= MOST_LINE_NODES) this.#lineNodes.clear();
    this.#lineNodes.set(key, found);
    return found;
  }

  profile(ledger: NodeLedger, now: number): NodeProfile {
    return new NodeProfile(ledger, this.#horizons.of(ledger, this.#timeOf(now)), now);
  }

  /** As if nobody were in line. */
  profileWithoutLines(ledger: NodeLedger, now: number): NodeProfile {
    return new NodeProfile(ledger, this.#horizonsWithoutLines.of(ledger, this.#timeOf(now)), now);
  }

  /** Asked for each node at one and the same time. */
  #timeOf(now: number): HorizonOptions {
    const { defaultLimitMs } = this.#options;
    if (this.#time.now !== now || this.#time.defaultLimitMs !== defaultLimitMs) this.#time = { now, defaultLimitMs };
    return this.#time;
  }

  /** All changes made in `work` are taken back at its end. */
  trial<T>(work: () => T): T {
    const outer = this.#undo;
    const undo: (() => void)[] = [];
    this.#undo = undo;
    try {
      return work();
    } finally {
      this.#undo = null;
      for (const step of undo.toReversed()) step();
      this.#undo = outer;
    }
  }

  #onUndo(step: () => void): void {
    this.#undo?.push(step);
  }

  #ledger(id: string): NodeLedger {
    const known = this.#ledgers.get(id);
    if (known) return known;
    const ledger = new NodeLedger(id, this.#ledgers.size);
    ledger.bookings = this.#bookings.filter(({ nodeId }) => nodeId === id);
    this.#ledgers.set(id, ledger);
    return ledger;
  }

  #set(jobId: string, next: JobEntry): void {
    const before = this.#jobs.get(jobId) ?? NOTHING;
    if (before.attempt === next.attempt && before.promise === next.promise) return;
    this.#onUndo(() => this.#set(jobId, before));
    if (next.attempt || next.promise) this.#jobs.set(jobId, next);
    else this.#jobs.delete(jobId);
    const left = nodesOf(before);
    const touched = [...left];
    for (const id of nodesOf(next)) if (!touched.includes(id)) touched.push(id);
    for (const id of touched) this.#enter(jobId, next, { nodeId: id, isEased: left.includes(id) });
  }

  #enter(jobId: string, entry: JobEntry, { nodeId, isEased }: { readonly nodeId: string; readonly isEased: boolean }) {
    const ledger = this.#ledger(nodeId);
    const part = entry.attempt?.parts.find((own) => own.nodeId === nodeId);
    ledger.setPlaced(jobId, part ? entry.attempt : null, part?.devices ?? []);
    ledger.setPromised(jobId, this.#promised(entry, nodeId));
    this.#refresh(ledger, isEased);
  }

  #promised({ promise }: JobEntry, nodeId: string): Promised | null {
    if (!promise?.reservation.nodeIds.includes(nodeId)) return null;
    const { ask, reservation } = promise;
    return { ask, view: this.#views.of(ask.shape), at: reservation.at };
  }

  #refresh(ledger: NodeLedger, isEased: boolean): void {
    ledger.refresh();
    this.index.update(ledger);
    this.changed.add(ledger);
    if (isEased) this.eased.add(ledger);
  }
}

function isSameNode(one: EngineNode, other: EngineNode): boolean {
  const isSame = one.description === other.description && one.refuses === other.refuses;
  return isSame && one.jobsPerDevice === other.jobsPerDevice;
}

function nodesOf({ attempt, promise }: JobEntry): string[] {
  const ids = attempt?.parts.map(({ nodeId }) => nodeId) ?? [];
  for (const id of promise?.reservation.nodeIds ?? []) if (!ids.includes(id)) ids.push(id);
  return ids;
}
