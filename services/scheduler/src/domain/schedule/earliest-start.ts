// The earliest start that a job can be promised, if all run to their limits and all promises are kept.
import type { Ask } from './ask.ts';
import type { ClusterBooks, JobPromise } from './cluster-books.ts';
import type { Reservation } from './engine-model.ts';
import type { NodeLedger } from './node-ledger.ts';
import type { Demand, NodeProfile } from './node-profile.ts';
import { Refusal } from './refusal.ts';
import type { ShapeView } from './shape-view.ts';

/** Null: it can't be foreseen, as too few nodes that could hold it take jobs. */
export function earliestStart(books: ClusterBooks, ask: Ask, now: number): Reservation | null {
  return startBy(books, ask, { now, profileOf: (ledger) => books.profile(ledger, now) });
}

/** As if nobody were in line. */
export function earliestWithoutLines(books: ClusterBooks, ask: Ask, now: number): Reservation | null {
  return startBy(books, ask, { now, profileOf: (ledger) => books.profileWithoutLines(ledger, now) });
}

interface Search {
  readonly now: number;
  readonly profileOf: (ledger: NodeLedger) => NodeProfile;
}

function startBy(books: ClusterBooks, ask: Ask, search: Search): Reservation | null {
  const view = books.view(ask.shape);
  if (view.accepting.length < ask.shape.nodes) return null;
  if (ask.shape.nodes > 1) return onSeveralNodes(view, ask, search);
  return onOneNode(view, ask, { ...search, placement: books.options.placement });
}

/** Before the one that the job was promised; null if there is none. What has changed since is looked at only where it may do. */
export function soonerStart(books: ClusterBooks, jobId: string, now: number): Reservation | null {
  const promise = books.promise(jobId);
  if (!promise || promise.reservation.at <= now) return null;
  if (isRefusedSooner(books, promise, now)) return null;
  const sooner = searchSooner(books, promise, now);
  if (sooner === null) books.noSooner.set(promise, { now, refusal: new Refusal(books.changed) });
  return sooner;
}

/** It was found before that there is none, and no node has changed since so that the job could start on it before. Time alone makes no room. */
function isRefusedSooner(books: ClusterBooks, promise: JobPromise, now: number): boolean {
  const known = books.noSooner.get(promise);
  if (!known || now < known.now) return false;
  const { ask, reservation } = promise;
  const view = books.view(ask.shape);
  const fitsSooner = (ledger: NodeLedger) => {
    if (view.mask(ledger) === 0 || ledger.node?.refuses !== null) return false;
    const profile = books.profile(ledger, now);
    if (countFree(profile, view, (until) => until < reservation.at) < ask.shape.devices) return false;
    return (new NodeOutlook(profile, view, ask).earliest(now) ?? Infinity) < reservation.at;
  };
  return known.refusal.stands(fitsSooner);
}

function searchSooner(books: ClusterBooks, { ask, reservation }: JobPromise, now: number): Reservation | null {
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

function onOneNode(
  view: ShapeView,
  ask: Ask,
  { now, profileOf, placement }: Search & { readonly placement: 'pack' | 'spread' },
): Reservation | null {
  let best: Candidate | null = null;
  for (const ledger of view.accepting) {
    const profile = profileOf(ledger);
    if (best !== null && countFreeBy(profile, view, best.at) < ask.shape.devices) continue;
    const at = new NodeOutlook(profile, view, ask).earliest(now);
    if (at === null) continue;
    const candidate = { ledger, at, left: countFreeBy(profile, view, at) - ask.shape.devices };
    if (best === null || isBetter(candidate, best, placement)) best = candidate;
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
function onSeveralNodes(view: ShapeView, ask: Ask, { now, profileOf }: Search): Reservation | null {
  let open = view.accepting.flatMap((ledger) => {
    const outlook = new NodeOutlook(profileOf(ledger), view, ask);
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
  const { bits } = profile.ledger;
  const mask = view.mask(profile.ledger);
  let count = 0;
  for (let spot = 0; spot < bits.length; spot += 1)
    if (((bits[spot] ?? 0) & mask) !== 0 && isFree(profile.freeFrom(spot, view.shape))) count += 1;
  return count;
}
