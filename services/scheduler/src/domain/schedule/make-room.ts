// On which nodes a job has room once others are displaced, and whom that takes: as few devices as will do, the last in the order first.
import type { Ask } from './ask.ts';
import type { ClusterBooks } from './cluster-books.ts';
import type { Displaceable, Displaceables } from './displaceables.ts';
import { whyWithheld } from './find-places.ts';
import { type NodeLedger, type Placed, shortOf } from './node-ledger.ts';
import type { ShapeView } from './shape-view.ts';

interface Candidate {
  readonly ledger: NodeLedger;
  /** The last in the order first. */
  readonly ids: readonly string[];
  /** Devices to be had from them. */
  readonly missing: number;
  readonly lost: number;
  readonly free: number;
}

/** Whom to displace so that it can start; null if displacing all of them would not do. */
export function makeRoom(
  books: ClusterBooks,
  ask: Ask,
  now: number,
  displaceables: Displaceables,
): readonly string[] | null {
  const view = books.view(ask.shape);
  const candidates = view.accepting.flatMap((ledger) => candidateOf(ledger, view, displaceables) ?? []);
  const chosen = new Set<string>();
  let nodes = 0;
  for (const candidate of candidates.toSorted(byLoss)) {
    const ids = displacedOn(books, candidate, ask, now);
    if (!ids) continue;
    for (const id of ids) chosen.add(id);
    nodes += 1;
    if (nodes === ask.shape.nodes) return [...chosen];
  }
  return null;
}

/** Null if its devices would not be enough with all of them gone. */
function candidateOf(ledger: NodeLedger, view: ShapeView, displaceables: Displaceables): Candidate | null {
  const { devices, deviceKind } = view.shape;
  if (ledger.free[deviceKind] + displaceables.devicesOn(ledger.id) < devices) return null;
  const mask = view.mask(ledger);
  const free = ledger.countFree(mask, view.shape.twentieths);
  const entries: { readonly id: string; readonly gain: number; readonly of: Displaceable }[] = [];
  let most = free;
  for (const entry of ledger.placed) {
    const { id } = entry.attempt.job;
    const of = displaceables.get(id);
    if (!of) continue;
    const gain = gainOf(entry, ledger, mask);
    most += gain;
    entries.push({ id, gain, of });
  }
  if (most < devices) return null;
  const missing = Math.max(0, devices - free);
  const sorted = entries.toSorted((one, other) => other.of.rank - one.of.rank);
  let [lost, had] = [0, 0];
  for (const { gain, of } of sorted) {
    if (had >= missing) break;
    had += gain;
    lost += of.lost;
  }
  return { ledger, ids: sorted.map(({ id }) => id), missing, lost, free };
}

/** One in line may be next to have devices that others still hold: those are not counted. */
function gainOf({ attempt, spots, pool }: Placed, ledger: NodeLedger, mask: number): number {
  const { id } = attempt.job;
  let gain = 0;
  for (const spot of [...spots, ...pool])
    if (mayFree(ledger, spot, id) && ((ledger.bits[spot] ?? 0) & mask) !== 0) gain += 1;
  return gain;
}

/** Of a device that it shares it is not known before whether its part is enough. */
function mayFree({ holders, shared }: NodeLedger, spot: number, id: string): boolean {
  return holders[spot] === id || shared.has(spot);
}

function byLoss(one: Candidate, other: Candidate): number {
  return (
    one.missing - other.missing ||
    one.lost - other.lost ||
    one.free - other.free ||
    (one.ledger.id < other.ledger.id ? -1 : 1)
  );
}

/** None of them stays displaced without need. */
function displacedOn(books: ClusterBooks, { ledger, ids }: Candidate, ask: Ask, now: number): readonly string[] | null {
  const fits = () => fitsOn(books, ledger, ask, now);
  return books.trial(() => {
    const gone: string[] = [];
    const attempts = ids.map((id) => ({ id, attempt: books.attempt(id) }));
    let isRoom = fits();
    for (const { id } of attempts) {
      if (isRoom) break;
      books.setAttempt(id, null);
      gone.push(id);
      isRoom = fits();
    }
    if (!isRoom) return null;
    return gone.toReversed().filter((id, index) => {
      // The last one to go made the difference.
      if (index === 0) return true;
      books.setAttempt(id, attempts.find((each) => each.id === id)?.attempt ?? null);
      if (fits()) return false;
      books.setAttempt(id, null);
      return true;
    });
  });
}

function fitsOn(books: ClusterBooks, ledger: NodeLedger, ask: Ask, now: number): boolean {
  const view = books.view(ask.shape);
  const mask = view.mask(ledger);
  return mask !== 0 && shortOf(view, mask, ledger) === null && whyWithheld(books, ledger, ask, now) === null;
}
