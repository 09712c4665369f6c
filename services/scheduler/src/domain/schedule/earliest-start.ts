// The earliest start that a job can be promised, if all run to their limits and all promises are kept.
import type { Ask } from './ask.ts';
import type { ClusterBooks } from './cluster-books.ts';
import type { Reservation } from './engine-model.ts';
import type { NodeLedger } from './node-ledger.ts';
import type { Demand, NodeProfile } from './node-profile.ts';
import type { ShapeView } from './shape-view.ts';

/** Null: it can't be foreseen, as too few nodes that could hold it take jobs. */
export function earliestStart(books: ClusterBooks, ask: Ask, now: number): Reservation | null {
  const view = books.view(ask.shape);
  if (view.accepting.length < ask.shape.nodes) return null;
  return ask.shape.nodes === 1 ? onOneNode(books, view, ask, now) : onSeveralNodes(books, view, ask, now);
}

/** Before the one that the job was promised; null if there is none. What has changed since is looked at only where it may do. */
export function soonerStart(books: ClusterBooks, jobId: string, now: number): Reservation | null {
  const promise = books.promise(jobId);
  if (!promise || promise.reservation.at <= now) return null;
  const { ask, reservation } = promise;
  const view = books.view(ask.shape);
  let count = 0;
  for (const ledger of view.accepting) {
    if (countFree(books.profile(ledger, now), view, (until) => until < reservation.at) < ask.shape.devices) continue;
    count += 1;
    if (count === ask.shape.nodes) break;
  }
  if (count < ask.shape.nodes) return null;
  const earliest = earliestStart(books, ask, now);
  return earliest && earliest.at < reservation.at ? earliest : null;
}

interface Candidate {
  readonly ledger: NodeLedger;
  readonly at: number;
  /** Devices free then beside those that it takes. */
  readonly left: number;
}

function onOneNode(books: ClusterBooks, view: ShapeView, ask: Ask, now: number): Reservation | null {
  let best: Candidate | null = null;
  for (const ledger of view.accepting) {
    const profile = books.profile(ledger, now);
    if (best !== null && countFreeBy(profile, view, best.at) < ask.shape.devices) continue;
    const at = new NodeOutlook(profile, view, ask).earliest(now);
    if (at === null) continue;
    const candidate = { ledger, at, left: countFreeBy(profile, view, at) - ask.shape.devices };
    if (best === null || isBetter(candidate, best, books.options.placement)) best = candidate;
  }
  return best && { nodeIds: [best.ledger.id], at: best.at };
}

function isBetter(one: Candidate, best: Candidate, placement: 'pack' | 'spread'): boolean {
  if (one.at !== best.at) return one.at < best.at;
  return placement === 'pack' ? one.left < best.left : one.left > best.left;
}

/**
 * The first time from which enough nodes fit. Of those that do then, always the first by id: one job on several nodes after the
 * other is promised the same ones, which are drained for all of them once.
 * A node that fits earlier may not do so any more when the last one does.
 */
function onSeveralNodes(books: ClusterBooks, view: ShapeView, ask: Ask, now: number): Reservation | null {
  let open = view.accepting.flatMap((ledger) => {
    const outlook = new NodeOutlook(books.profile(ledger, now), view, ask);
    const at = outlook.earliest(now);
    return at === null ? [] : [{ id: ledger.id, outlook, at }];
  });
  const { nodes } = ask.shape;
  for (;;) {
    open = open.toSorted((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
    const at = open[nodes - 1]?.at;
    if (at === undefined) return null;
    const next = open.flatMap((node) => {
      const again = node.at < at ? node.outlook.earliest(at) : node.at;
      return again === null ? [] : [{ ...node, at: again }];
    });
    const ready = next.filter((node) => node.at === at);
    if (ready.length >= nodes)
      return {
        nodeIds: ready
          .map(({ id }) => id)
          .toSorted()
          .slice(0, nodes),
        at,
      };
    open = next;
  }
}

/** When one node fits. */
export class NodeOutlook {
  readonly #profile: NodeProfile;
  readonly #view: ShapeView;
  readonly #ask: Ask;
  readonly #promises: readonly Demand[];

  constructor(profile: NodeProfile, view: ShapeView, ask: Ask) {
    this.#profile = profile;
    this.#view = view;
    this.#ask = ask;
    this.#promises = profile.promises(ask);
  }

  fitsAt(time: number): boolean {
    const demand = this.#profile.demand(this.#ask, this.#view, time);
    return demand !== null && this.#profile.fits(demand, this.#promises);
  }

  /** The first such time that is not before `from`; null: never. */
  earliest(from: number): number | null {
    const soonest = Math.max(from, this.#enoughDevicesAt());
    if (soonest === Infinity) return null;
    if (this.fitsAt(soonest)) return soonest;
    for (const time of this.#changes(soonest)) if (this.fitsAt(time)) return time;
    return null;
  }

  /** With all promises left out. */
  #enoughDevicesAt(): number {
    const { ledger, horizon } = this.#profile;
    const mask = this.#view.mask(ledger);
    if (this.#ask.shape.exclusive) return horizon.emptyAt;
    const times: number[] = [];
    for (let spot = 0; spot < ledger.bits.length; spot += 1)
      if (((ledger.bits[spot] ?? 0) & mask) !== 0) times.push(this.#profile.freeFrom(spot, this.#ask.shape));
    return times.toSorted((a, b) => a - b)[this.#ask.shape.devices - 1] ?? Infinity;
  }

  /** When something is given back. */
  #changes(after: number): number[] {
    const { ledger, horizon } = this.#profile;
    const times = new Set(horizon.until);
    for (const taken of horizon.parts.values()) for (const { until } of taken) times.add(until);
    for (const { until } of horizon.loads) times.add(until);
    for (const { until } of this.#promises) times.add(until);
    for (const { until } of ledger.bookings) times.add(until);
    return [...times].filter((time) => time > after).toSorted((a, b) => a - b);
  }
}

function countFreeBy(profile: NodeProfile, view: ShapeView, time: number): number {
  return countFree(profile, view, (until) => until <= time);
}

function countFree(profile: NodeProfile, view: ShapeView, isFree: (until: number) => boolean): number {
  const { ledger } = profile;
  const mask = view.mask(ledger);
  let count = 0;
  for (let spot = 0; spot < ledger.bits.length; spot += 1)
    if (((ledger.bits[spot] ?? 0) & mask) !== 0 && isFree(profile.freeFrom(spot, view.shape))) count += 1;
  return count;
}
