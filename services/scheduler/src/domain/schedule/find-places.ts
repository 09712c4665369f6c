// Where a job can start now: the best nodes for it, on which nobody is delayed who was promised a start.
import type { WaitCode } from '@baton/contracts';
import { type Ask, type Found, type FoundPlace, holdMs } from './ask.ts';
import type { ClusterBooks } from './cluster-books.ts';
import { type NodeLedger, shortOf } from './node-ledger.ts';
import { freeDevices } from './node-profile.ts';
import { partCandidates, partPlace } from './part-place.ts';
import { Refusal, RefusedAsk } from './refusal.ts';
import type { ShapeView } from './shape-view.ts';

export function findPlaces(books: ClusterBooks, ask: Ask, now: number): Found {
  const view = books.view(ask.shape);
  if (view.able.length < ask.shape.nodes) return { code: 'no-node' };
  if (view.accepting.length < ask.shape.nodes) return { code: refusal(view) };
  if (!isOpen(view)) return { code: busyCode(books, view) };
  if (isWithheld(books, view, ask, now) && fitsOnEnough(books, view)) return { code: 'reserved' };
  const { found, reserved, booked } = search(books, view, ask, now);
  if (found.length >= ask.shape.nodes) return { places: places(books, found, { view, ask, now }) };
  if (found.length + reserved + booked < ask.shape.nodes) {
    view.closed = new Refusal(books.eased);
    return { code: busyCode(books, view) };
  }
  if (reserved === 0) return { code: 'booked' };
  if (isAnyones(books, ask)) view.withheld = new RefusedAsk(ask, books.eased, now);
  return { code: 'reserved' };
}

/** False: the shape is known to fit nowhere now. */
function isOpen(view: ShapeView): boolean {
  const stands = view.closed?.stands((ledger) => fitsNow(ledger, view)) ?? false;
  if (!stands) view.closed = null;
  return !stands;
}

/** Whether it would fit on enough nodes now, if none were booked or promised; the same whatever was asked before. */
export function fits(books: ClusterBooks, view: ShapeView): boolean {
  if (view.accepting.length < view.shape.nodes || !isOpen(view)) return false;
  if (fitsOnEnough(books, view)) return true;
  view.closed = new Refusal(books.eased);
  return false;
}

/** False: whoever asks for so long or longer, in no higher class, is known to be refused. Also where bookings may admit somebody it is true. */
export function mayStart(books: ClusterBooks, view: ShapeView, ask: Ask, now: number): boolean {
  return fits(books, view) && !isWithheld(books, view, ask, now);
}

function isWithheld(books: ClusterBooks, view: ShapeView, ask: Ask, now: number): boolean {
  const { withheld } = view;
  if (!withheld?.covers(ask, now) || !isAnyones(books, ask)) return false;
  const mayStart = (ledger: NodeLedger) =>
    fitsNow(ledger, view) && whyWithheld(books, ledger, withheld.ask, now) === null;
  if (withheld.stands(mayStart)) return true;
  view.withheld = null;
  return false;
}

/** What it is told does not depend on who asks: no booking that may admit it, no promise of its own. */
export function isAnyones(books: ClusterBooks, ask: Ask): boolean {
  return !books.hasBookings && books.promise(ask.jobId) === null;
}

function fitsOnEnough(books: ClusterBooks, view: ShapeView): boolean {
  let count = 0;
  for (const ledger of candidates(books, view)) {
    if (fitsNow(ledger, view)) count += 1;
    if (count === view.shape.nodes) return true;
  }
  return false;
}

function fitsNow(ledger: NodeLedger, view: ShapeView): boolean {
  const mask = view.mask(ledger);
  return mask !== 0 && shortOf(view, mask, ledger) === null;
}

/** As many as it needs, or all that there are where it prefers some; and how many are kept for others. */
function search(books: ClusterBooks, view: ShapeView, ask: Ask, now: number) {
  const found: NodeLedger[] = [];
  const kept = { reserved: 0, booked: 0 };
  for (const ledger of candidates(books, view)) {
    if (!fitsNow(ledger, view)) continue;
    const reason = whyWithheld(books, ledger, ask, now);
    if (reason === null) found.push(ledger);
    else kept[reason] += 1;
    if (found.length === ask.shape.nodes && !view.prefers) break;
  }
  return { found, ...kept };
}

/** Whether nobody's promise or booking is in the way of a start now in places that are free. */
export function isClear(books: ClusterBooks, ask: Ask, places: readonly FoundPlace[], now: number): boolean {
  return places.every(({ nodeId }) => {
    const ledger = books.ledger(nodeId);
    return ledger !== undefined && whyWithheld(books, ledger, ask, now) === null;
  });
}

/** Whether a start now would be into a booking, or would delay someone who was promised one; null: neither. */
export function whyWithheld(
  books: ClusterBooks,
  ledger: NodeLedger,
  ask: Ask,
  now: number,
): 'reserved' | 'booked' | null {
  if (ledger.isPlain) return null;
  if (ask.shape.twentieths !== undefined) {
    const found = partPlace(books, ledger, ask, now);
    return typeof found === 'string' ? found : null;
  }
  const profile = books.profile(ledger, now);
  const view = books.view(ask.shape);
  const span = { mask: view.mask(ledger), owner: ask.owner, from: now, until: now + holdMs(ask) };
  if (freeDevices(ledger, span).length < ask.shape.devices) return 'booked';
  const demand = profile.demand(ask, view, now);
  return demand !== null && profile.fits(demand, profile.promises(ask)) ? null : 'reserved';
}

/** Nodes that take jobs and may have enough free, in the order of preference for placement. */
function candidates(books: ClusterBooks, view: ShapeView): Iterable<NodeLedger> {
  const { shape } = view;
  if (shape.nodeId === null && shape.twentieths !== undefined) return partCandidates(books, view);
  if (shape.nodeId === null) return books.index.withFree(shape.deviceKind, shape.devices, books.options.placement);
  const ledger = books.ledger(shape.nodeId);
  return ledger ? [ledger] : [];
}

/** Of nodes with more preferred labels first; otherwise as they were found. Ranks are in the order of node ids. */
function places(
  books: ClusterBooks,
  found: readonly NodeLedger[],
  { view, ask, now }: { readonly view: ShapeView; readonly ask: Ask; readonly now: number },
): FoundPlace[] {
  const preferred = view.prefers
    ? found.toSorted((one, other) => view.preference(other) - view.preference(one))
    : found;
  const chosen = preferred.slice(0, ask.shape.nodes).toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return chosen.map((ledger) => {
    const part = ask.shape.twentieths === undefined ? null : partPlace(books, ledger, ask, now);
    if (part !== null) return { nodeId: ledger.id, devices: typeof part === 'string' ? [] : [part.device] };
    const span = { mask: view.mask(ledger), owner: ask.owner, from: now, until: now + holdMs(ask) };
    return { nodeId: ledger.id, devices: freeDevices(ledger, span).slice(0, ask.shape.devices) };
  });
}

function refusal({ able }: ShapeView): WaitCode {
  return able.find(({ node }) => node?.refuses !== null)?.node?.refuses ?? 'no-node';
}

/** What lacks where its devices would be free; devices, if they are free nowhere. */
function busyCode(books: ClusterBooks, view: ShapeView): WaitCode {
  for (const ledger of candidates(books, view)) {
    const mask = view.mask(ledger);
    const code = mask === 0 ? null : shortOf(view, mask, ledger);
    if (code !== null && code !== 'devices-busy') return code;
  }
  return 'devices-busy';
}
