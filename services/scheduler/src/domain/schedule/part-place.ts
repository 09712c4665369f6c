// Where a job that asks for a part of a device can have it: beside others first, so that whole devices stay free.
import { type Ask, holdMs } from './ask.ts';
import type { ClusterBooks } from './cluster-books.ts';
import { horizonOf } from './horizon.ts';
import { keepsPromises } from './keeps-promises.ts';
import type { NodeLedger } from './node-ledger.ts';
import { isBooked, NodeProfile } from './node-profile.ts';
import { partSpots } from './shared-devices.ts';
import type { ShapeView } from './shape-view.ts';

/** The fullest device on which it delays nobody who was promised a start; else what keeps it from all of them. */
export function partPlace(
  books: ClusterBooks,
  ledger: NodeLedger,
  ask: Ask,
  now: number,
): { readonly device: string } | 'reserved' | 'booked' {
  const { shape, owner } = ask;
  const spots = partSpots(ledger, books.view(shape).mask(ledger), shape.twentieths ?? 0);
  const span = { owner, from: now, until: now + holdMs(ask) };
  const devices = spots.flatMap((spot) => ledger.devices[spot] ?? []);
  const open = devices.filter((device) => !isBooked(device, ledger.bookings, span));
  if (open.length === 0) return 'booked';
  const [first] = open;
  if (first && ledger.isPlain) return { device: first.id };
  // Where its own promise is due, those of its class don't stand in its way; if it can, it leaves them what they need all the same.
  for (const isEarly of books.promise(ask.jobId) ? [true, false] : [false])
    for (const { id } of open)
      if (keepsPromises(books, profileWith(books, ledger, ask, { device: id, now }), ask, isEarly))
        return { device: id };
  return 'reserved';
}

/** The node as it would be with the job on that device. */
function profileWith(
  books: ClusterBooks,
  ledger: NodeLedger,
  { jobId, shape, limitMs, graceMs }: Ask,
  { device, now }: { readonly device: string; readonly now: number },
): NodeProfile {
  const job = { id: jobId, shape, limitMs };
  const attempt = { job, attempt: 0, placedAt: Infinity, waiting: null, since: now, graceMs };
  const { defaultLimitMs } = books.options;
  const horizon = horizonOf(ledger, [...ledger.placed, ledger.entry(attempt, [device])], { now, defaultLimitMs });
  return new NodeProfile(ledger, horizon, now);
}

/** Nodes with a shared device on which it fits, the fullest first; then those with free ones, in the order of preference. */
export function* partCandidates(books: ClusterBooks, view: ShapeView): Iterable<NodeLedger> {
  const { deviceKind, twentieths = 0 } = view.shape;
  const beside = [...books.index.sharing].flatMap((ledger) => {
    const [spot = -1] = partSpots(ledger, view.mask(ledger), twentieths);
    const taken = ledger.shared.get(spot)?.twentieths ?? 0;
    return taken === 0 ? [] : [{ ledger, taken }];
  });
  const inOrder = beside.toSorted((a, b) => b.taken - a.taken || (a.ledger.id < b.ledger.id ? -1 : 1));
  for (const { ledger } of inOrder) yield ledger;
  const seen = new Set(beside.map(({ ledger }) => ledger));
  for (const ledger of books.index.withFree(deviceKind, 1, books.options.placement))
    if (!seen.has(ledger)) yield ledger;
}
