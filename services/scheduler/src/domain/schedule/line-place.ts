// The hand-off: which node's line a job that can't start now joins, so that all is in place when its devices come free.
import type { Behind, Device } from '@baton/contracts';
import { suitableGroups } from './able.ts';
import type { Ask } from './ask.ts';
import type { ClusterBooks } from './cluster-books.ts';
import { isAnyones } from './find-places.ts';
import { type Horizon, horizonOf } from './horizon.ts';
import type { NodeLedger, Placed } from './node-ledger.ts';
import { isBooked, NodeProfile } from './node-profile.ts';
import { Refusal, RefusedAsk } from './refusal.ts';
import type { ShapeView } from './shape-view.ts';

/** Beyond one promise for each device: with jobs of a moment, the one after next must be in place too. */
const SPARE_PROMISES = 1;

export interface LinePlace {
  readonly nodeId: string;
  /** Free already; they wait with it. */
  readonly devices: readonly string[];
  readonly behind: Behind;
}

/** The shortest line that has room and in which the job delays nobody; null if there is none. None for jobs on several nodes. */
export function findLinePlace(books: ClusterBooks, ask: Ask, now: number): LinePlace | null {
  const { shape } = ask;
  if (shape.nodes > 1 || shape.exclusive) return null;
  const view = books.view(shape);
  if (isRefused(books, view, ask, now)) return null;
  let isFull = true;
  for (const ledger of books.index.byLine(shape.deviceKind)) {
    if (!mayHaveRoom(ledger, view)) continue;
    isFull = false;
    const line = keptLine(books, ledger, ask, now);
    if (line) return line;
  }
  if (isFull) view.lineless = new Refusal(books.changed);
  else if (isAnyones(books, ask)) view.lineWithheld = new RefusedAsk(ask, now, books.changed);
  return null;
}

function isRefused(books: ClusterBooks, view: ShapeView, ask: Ask, now: number): boolean {
  if (view.lineless?.stands((ledger) => mayHaveRoom(ledger, view))) return true;
  view.lineless = null;
  const { lineWithheld } = view;
  if (!lineWithheld?.covers(ask, now) || !isAnyones(books, ask)) return false;
  if (lineWithheld.stands((ledger) => keptLine(books, ledger, lineWithheld.ask, now) !== null)) return true;
  view.lineWithheld = null;
  return false;
}

function length(ledger: NodeLedger, { shape }: ShapeView): number {
  return ledger.inLine[shape.deviceKind];
}

function lineOn(ledger: NodeLedger, view: ShapeView, isBarred = (_id: string) => false): LinePlace | null {
  if (!mayHaveRoom(ledger, view)) return null;
  const { sound, free } = suitable(ledger, view.mask(ledger), isBarred);
  const devices = free.slice(0, view.shape.devices);
  const count = view.shape.devices - devices.length;
  if (count === 0 || sound.length < view.shape.devices) return null;
  if (length(ledger, view) + count > sound.length + SPARE_PROMISES) return null;
  const pool = sound.filter((id) => !devices.includes(id));
  const predecessors = ledger.placed
    .filter((entry) => holdsOrAwaits(entry, pool))
    .map(({ attempt }) => ({ jobId: attempt.job.id, attempt: attempt.attempt }));
  return predecessors.length === 0 ? null : { nodeId: ledger.id, devices, behind: { count, pool, predecessors } };
}

/** Cheap, and true of all that have: on nodes with devices of one sort also of no others. */
function mayHaveRoom(ledger: NodeLedger, view: ShapeView): boolean {
  const mask = view.mask(ledger);
  if (mask === 0 || ledger.node?.refuses !== null || ledger.isKeptWhole || ledger.placed.length === 0) return false;
  const { deviceKind, devices } = view.shape;
  const sound = ledger.sound[deviceKind];
  const count = devices - Math.min(devices, ledger.countFree(mask));
  // All its devices are free, and something else is lacking: nothing to wait in line for.
  if (count === 0 || devices > sound || ledger.inLine[deviceKind] + count > sound + SPARE_PROMISES) return false;
  return isOfOneSort(ledger, deviceKind, mask);
}

/**
 * Those in line wait for the same devices: where some could take more than others, an early end could give the devices of one who
 * has no choice to one who has, and a start would come later than foreseen.
 */
function isOfOneSort({ hardware, placed }: NodeLedger, kind: Device['kind'], mask: number): boolean {
  if (!hardware) return false;
  if (hardware.groups.filter((group) => group.kind === kind).length === 1) return true;
  const shapes = placed.flatMap(({ attempt }) => (attempt.waiting ? attempt.job.shape : []));
  return shapes.every((shape) => shape.deviceKind !== kind || suitableGroups(shape, hardware) === mask);
}

function suitable({ devices, bits, holders }: NodeLedger, mask: number, isBarred: (id: string) => boolean) {
  const sound: string[] = [];
  const free: string[] = [];
  for (const [spot, { id }] of devices.entries()) {
    if (((bits[spot] ?? 0) & mask) === 0 || isBarred(id)) continue;
    sound.push(id);
    if (holders[spot] === null) free.push(id);
  }
  return { sound, free };
}

function holdsOrAwaits({ attempt, devices }: Placed, pool: readonly string[]): boolean {
  return devices.some((id) => pool.includes(id)) || (attempt.waiting?.pool.some((id) => pool.includes(id)) ?? false);
}

/** The node's line with the job at its end, without devices that are booked for others before it ends. */
function keptLine(books: ClusterBooks, ledger: NodeLedger, ask: Ask, now: number): LinePlace | null {
  const view = books.view(ask.shape);
  const withLine = (line: LinePlace) =>
    horizonOf(ledger, [...ledger.placed, entryOf(ledger, line, ask)], {
      now,
      defaultLimitMs: books.options.defaultLimitMs,
    });
  const first = lineOn(ledger, view);
  if (!first) return null;
  const isBarredBy = (horizon: Horizon) => (id: string) =>
    isBooked({ id }, ledger.bookings, { owner: ask.owner, from: now, until: endOf(horizon, ask, now) });
  const barred = isBarredBy(withLine(first));
  const line = ledger.bookings.length === 0 ? first : lineOn(ledger, view, barred);
  if (!line) return null;
  const horizon = withLine(line);
  const isBarred = isBarredBy(horizon);
  if ([...line.devices, ...line.behind.pool].some(isBarred)) return null;
  return keepsPromises(books, new NodeProfile(ledger, horizon, now), ask) ? line : null;
}

function endOf(horizon: Horizon, { jobId, limitMs, graceMs }: Ask, now: number): number {
  return (horizon.starts.get(jobId) ?? now) + limitMs + graceMs;
}

/** The job at the end of the line. */
function entryOf(ledger: NodeLedger, { devices, behind }: LinePlace, ask: Ask): Placed {
  const { jobId, shape, limitMs, graceMs } = ask;
  const waiting = { count: behind.count, pool: behind.pool, isRevoking: false };
  const job = { id: jobId, shape, limitMs };
  return ledger.entry({ job, attempt: 0, placedAt: Infinity, waiting, since: null, graceMs }, devices);
}

/** In the line it must not start later than it was promised either. */
function keepsPromises(books: ClusterBooks, profile: NodeProfile, ask: Ask): boolean {
  const { horizon, now } = profile;
  const own = books.promise(ask.jobId)?.reservation.at ?? Infinity;
  if (own >= now && (horizon.starts.get(ask.jobId) ?? now) > own) return false;
  const promises = profile.promises(ask);
  const times = [now, ...promises.map(({ from }) => from), ...horizon.loads.map(({ from }) => Math.max(now, from))];
  return times.every((time) => profile.holdsAt(time, promises));
}
