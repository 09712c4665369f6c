// The hand-off: which node's line a job that can't start now joins, so that all is in place when its devices come free, and nobody is
// delayed who was promised a start.
import type { Ask } from './ask.ts';
import type { ClusterBooks } from './cluster-books.ts';
import type { EngineShape } from './engine-model.ts';
import { isAnyones } from './find-places.ts';
import { type Horizon, horizonOf } from './horizon.ts';
import { keepsPromises } from './keeps-promises.ts';
import { lineOn, type LinePlace, type LineWant } from './line-offer.ts';
import type { NodeLedger } from './node-ledger.ts';
import { isBooked, NodeProfile } from './node-profile.ts';
import { lineWant, NOBODY_AHEAD, type WidthsAhead } from './widths-ahead.ts';

/** When a line is looked for, and what waits before it for several devices. */
interface LineSearch {
  readonly now: number;
  readonly ahead: WidthsAhead;
}

/** The shortest line that has room and in which the job delays nobody; null if there is none. None for jobs on several nodes. */
export function findLinePlace(books: ClusterBooks, ask: Ask, { now, ahead }: LineSearch): LinePlace | null {
  const { shape } = ask;
  if (isLineless(shape)) return null;
  const search: LineSearch = { now, ahead: aheadOf(shape, ahead) };
  return books.lineNodes(books.view(shape), search.ahead).first(now, (ledger) => joinable(books, ledger, ask, search));
}

/** Whether some line has room for the shape. Once there is none for those behind some others, there is none behind more of them. */
export function mayLine(books: ClusterBooks, shape: EngineShape, { now, ahead }: LineSearch): boolean {
  if (isLineless(shape)) return false;
  return books.lineNodes(books.view(shape), aheadOf(shape, ahead)).isAny(now);
}

/** Of the devices of one running job, which is likely to end soon, none are left to others. */
function aheadOf({ devices }: EngineShape, ahead: WidthsAhead): WidthsAhead {
  return devices > 1 ? NOBODY_AHEAD : ahead;
}

/** One that shares a device waits for room, not for an end; none for jobs on several nodes. */
function isLineless({ nodes, exclusive, twentieths }: EngineShape): boolean {
  return nodes > 1 || exclusive || twentieths !== undefined;
}

/**
 * Devices left to those who wait before it narrow its choice, and a narrow choice may suit CPUs and memory where a wide one does not.
 * It is to suit both: whoever is refused a line with nobody before it is refused it however many are.
 */
function joinable(books: ClusterBooks, ledger: NodeLedger, ask: Ask, search: LineSearch): LinePlace | null {
  const line = keptLine(books, ledger, ask, search);
  if (line === null || search.ahead.isNobody) return line;
  return keptLine(books, ledger, ask, { ...search, ahead: NOBODY_AHEAD }) && line;
}

/** The node's line with the job at its end, if all promises are kept with it. */
function keptLine(books: ClusterBooks, ledger: NodeLedger, ask: Ask, { now, ahead }: LineSearch): LinePlace | null {
  const view = books.view(ask.shape);
  const want = lineWant(view, ledger, ahead);
  const { defaultLimitMs } = books.options;
  const line = lineOn(ledger, want, { now, defaultLimitMs });
  if (!line || ledger.bookings.length > 0) return line && lineBesideBookings(books, ledger, ask, { line, want, now });
  if (isAllKept(books, ledger, ask)) return line;
  const isAsked = isAnyones(books, ask);
  if (isAsked && view.lineRefusals.covers(ledger, line, ask, now)) return null;
  const isKept = keepsPromises(
    books,
    new NodeProfile(ledger, horizonWith(books, ledger, ask, { line, now }), now),
    ask,
  );
  if (!isKept && isAsked) view.lineRefusals.add(ledger, line, ask, now);
  return isKept ? line : null;
}

interface OnNode {
  readonly line: LinePlace;
  readonly want: LineWant;
  readonly now: number;
}

/** Without devices that are booked for others before it ends. */
function lineBesideBookings(books: ClusterBooks, ledger: NodeLedger, ask: Ask, first: OnNode): LinePlace | null {
  const { now, want } = first;
  const isBarredBy = (horizon: Horizon) => (spot: number) => {
    const device = ledger.devices[spot];
    const span = { owner: ask.owner, from: now, until: endOf(horizon, ask, now) };
    return device !== undefined && isBooked(device, ledger.bookings, span);
  };
  const { defaultLimitMs } = books.options;
  const isBarredAtFirst = isBarredBy(horizonWith(books, ledger, ask, first));
  const line = lineOn(ledger, want, { now, defaultLimitMs }, isBarredAtFirst);
  if (!line) return null;
  const horizon = horizonWith(books, ledger, ask, { line, now });
  const isBarred = isBarredBy(horizon);
  if (ledger.devices.some(({ id }, spot) => line.behind.pool.includes(id) && isBarred(spot))) return null;
  return keepsPromises(books, new NodeProfile(ledger, horizon, now), ask) ? line : null;
}

function endOf(horizon: Horizon, { jobId, limitMs, graceMs }: Ask, now: number): number {
  return (horizon.starts.get(jobId) ?? now) + limitMs + graceMs;
}

/** With the job at the end of the line. */
function horizonWith(
  { options: { defaultLimitMs } }: ClusterBooks,
  ledger: NodeLedger,
  { jobId, shape, limitMs, graceMs }: Ask,
  { line: { devices, behind }, now }: Pick<OnNode, 'line' | 'now'>,
): Horizon {
  const waiting = { count: behind.count, pool: behind.pool, isRevoking: false };
  const job = { id: jobId, shape, limitMs };
  const entry = ledger.entry({ job, attempt: 0, placedAt: Infinity, waiting, since: null, graceMs }, devices);
  return horizonOf(ledger, [...ledger.placed, entry], { now, defaultLimitMs });
}

/** No promise is to be kept on the node, and all that is placed would have room beside each other. */
function isAllKept(books: ClusterBooks, { promised, placed, hardware }: NodeLedger, { jobId, shape }: Ask): boolean {
  if (promised.length > 0 || books.promise(jobId) !== null || !hardware) return false;
  let { cpus, memoryBytes } = shape;
  for (const { attempt } of placed) {
    cpus += attempt.job.shape.cpus;
    memoryBytes += attempt.job.shape.memoryBytes;
  }
  return cpus <= hardware.cpus && memoryBytes <= hardware.memoryBytes;
}
