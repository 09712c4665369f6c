// The hand-off: which node's line a job that can't start now joins, so that all is in place when its devices come free. No device stands
// idle for it meanwhile.
import type { Behind, Device } from '@baton/contracts';
import { suitableGroups } from './able.ts';
import type { Ask } from './ask.ts';
import type { ClusterBooks } from './cluster-books.ts';
import type { EngineShape } from './engine-model.ts';
import { isAnyones } from './find-places.ts';
import { type Horizon, horizonOf } from './horizon.ts';
import { keepsPromises } from './keeps-promises.ts';
import type { NodeLedger, Placed } from './node-ledger.ts';
import { isBooked, NodeProfile } from './node-profile.ts';
import { Refusal, RefusedAsk } from './refusal.ts';
import type { ShapeView } from './shape-view.ts';

/** Beyond one promise for each device: with jobs of a moment, the one after next must be in place too. */
const SPARE_PROMISES = 1;
/** A job that has used so much of its time limit is likely to end soon. */
const LATE = 0.9;

export interface LinePlace {
  readonly nodeId: string;
  /** Held already: none, as what is free could be another's. */
  readonly devices: readonly string[];
  readonly behind: Behind;
}

/** The shortest line that has room and in which the job delays nobody; null if there is none. None for jobs on several nodes. */
export function findLinePlace(books: ClusterBooks, ask: Ask, now: number): LinePlace | null {
  const { shape } = ask;
  if (isLineless(shape)) return null;
  const view = books.view(shape);
  if (isRefused(books, view, ask, now)) return null;
  const { defaultLimitMs } = books.options;
  let until = Infinity;
  for (const ledger of books.index.byLine(shape.deviceKind)) {
    if (!mayHaveRoom(ledger, view)) continue;
    const line = keptLine(books, ledger, ask, now);
    if (line) return line;
    until = Math.min(until, nextLateAt(ledger, view, { now, defaultLimitMs }));
  }
  if (isAnyones(books, ask)) view.lineWithheld = new RefusedAsk(ask, books.changed, { now, until });
  return null;
}

/** Whether some line has room for the shape; the same whatever was asked before. */
export function mayLine(books: ClusterBooks, view: ShapeView): boolean {
  const { lineless, shape } = view;
  if (isLineless(shape)) return false;
  if (lineless?.stands((ledger) => mayHaveRoom(ledger, view))) return false;
  view.lineless = null;
  for (const ledger of books.index.byLine(shape.deviceKind)) if (mayHaveRoom(ledger, view)) return true;
  view.lineless = new Refusal(books.changed);
  return false;
}

/** One that shares a device waits for room, not for an end; none for jobs on several nodes. */
function isLineless({ nodes, exclusive, twentieths }: EngineShape): boolean {
  return nodes > 1 || exclusive || twentieths !== undefined;
}

function isRefused(books: ClusterBooks, view: ShapeView, ask: Ask, now: number): boolean {
  if (!mayLine(books, view)) return true;
  const { lineWithheld } = view;
  if (!lineWithheld?.covers(ask, now) || !isAnyones(books, ask)) return false;
  const { until } = lineWithheld;
  const { defaultLimitMs } = books.options;
  const mayJoin = (ledger: NodeLedger) =>
    keptLine(books, ledger, lineWithheld.ask, now) !== null ||
    nextLateAt(ledger, view, { now, defaultLimitMs }) < until;
  if (lineWithheld.stands(mayJoin)) return true;
  view.lineWithheld = null;
  return false;
}

function length(ledger: NodeLedger, { shape }: ShapeView): number {
  return ledger.inLine[shape.deviceKind];
}

interface LineOptions {
  readonly now: number;
  readonly defaultLimitMs: number;
  readonly isBarred?: (id: string) => boolean;
}

function lineOn(ledger: NodeLedger, view: ShapeView, options: LineOptions): LinePlace | null {
  if (!mayHaveRoom(ledger, view)) return null;
  const { isBarred = () => false } = options;
  const sound = suitable(ledger, view.mask(ledger), isBarred);
  return view.shape.devices === 1
    ? lineForOne(ledger, view, sound)
    : lineBehindOne(ledger, view, { ...options, sound });
}

/** Whichever of them comes free is its. */
function lineForOne(ledger: NodeLedger, view: ShapeView, sound: readonly string[]): LinePlace | null {
  const claimed = claimedWhole(ledger);
  const pool = sound.filter((id) => !claimed.has(id));
  if (pool.length === 0 || length(ledger, view) + 1 > sound.length + SPARE_PROMISES) return null;
  const predecessors = ledger.placed
    .filter((entry) => holdsOrAwaits(entry, pool))
    .map(({ attempt }) => ({ jobId: attempt.job.id, attempt: attempt.attempt }));
  return predecessors.length === 0
    ? null
    : { nodeId: ledger.id, devices: [], behind: { count: 1, pool, predecessors } };
}

/**
 * A job of several devices takes over those of one running job that is likely to end soon. If it waited for several to end, what
 * came free first would stand idle; and behind one that has far to go it would be passed by many.
 */
function lineBehindOne(
  ledger: NodeLedger,
  { shape }: ShapeView,
  { now, defaultLimitMs, sound }: LineOptions & { readonly sound: readonly string[] },
): LinePlace | null {
  const usedOf = ({ since, job }: Placed['attempt']) => (now - (since ?? now)) / (job.limitMs ?? defaultLimitMs);
  let best: Placed | null = null;
  for (const entry of ledger.placed) {
    const { attempt, devices } = entry;
    if (lateAt(entry, defaultLimitMs) > now || ledger.placed.some((other) => awaits(other, devices))) continue;
    const count = devices.filter((id) => sound.includes(id)).length;
    if (count >= shape.devices && usedOf(attempt) > (best ? usedOf(best.attempt) : -1)) best = entry;
  }
  if (!best) return null;
  const { attempt, devices } = best;
  const pool = devices.filter((id) => sound.includes(id));
  const predecessors = [{ jobId: attempt.job.id, attempt: attempt.attempt }];
  return { nodeId: ledger.id, devices: [], behind: { count: shape.devices, pool, predecessors } };
}

function lateAt({ attempt }: Placed, defaultLimitMs: number): number {
  return attempt.since === null ? Infinity : attempt.since + LATE * (attempt.job.limitMs ?? defaultLimitMs);
}

/** When time alone may bring somebody there whom a job of several devices can wait behind. */
function nextLateAt({ placed }: NodeLedger, { shape }: ShapeView, { now, defaultLimitMs }: LineOptions): number {
  if (shape.devices === 1) return Infinity;
  const times = placed.flatMap((entry) => (entry.devices.length < shape.devices ? [] : lateAt(entry, defaultLimitMs)));
  return Math.min(...times.filter((time) => time > now));
}

/** Cheap, and true of all that have: on nodes with devices of one sort also of no others. */
function mayHaveRoom(ledger: NodeLedger, view: ShapeView): boolean {
  const mask = view.mask(ledger);
  if (mask === 0 || ledger.node?.refuses !== null || ledger.isKeptWhole || ledger.placed.length === 0) return false;
  const { deviceKind, devices } = view.shape;
  const sound = ledger.sound[deviceKind];
  // All its devices are free, and something else is lacking: nothing to wait in line for.
  if (ledger.countFree(mask) >= devices || ledger.inLine[deviceKind] + devices > sound + SPARE_PROMISES) return false;
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

/** A device that jobs share is nobody's next: it is free when the last of them has ended, and others may have come by then. */
function suitable({ devices, bits, shared }: NodeLedger, mask: number, isBarred: (id: string) => boolean): string[] {
  const isLeftOut = (id: string, spot: number) => ((bits[spot] ?? 0) & mask) === 0 || shared.has(spot) || isBarred(id);
  return devices.flatMap(({ id }, spot) => (isLeftOut(id, spot) ? [] : [id]));
}

/** Devices that jobs of several wait for: all at once, so none may go to another in line. */
function claimedWhole({ placed }: NodeLedger): ReadonlySet<string> {
  return new Set(placed.flatMap(({ attempt: { waiting } }) => (waiting && waiting.count > 1 ? waiting.pool : [])));
}

function holdsOrAwaits(entry: Placed, pool: readonly string[]): boolean {
  return entry.devices.some((id) => pool.includes(id)) || awaits(entry, pool);
}

function awaits({ attempt: { waiting } }: Placed, devices: readonly string[]): boolean {
  return waiting?.pool.some((id) => devices.includes(id)) ?? false;
}

/** The node's line with the job at its end, without devices that are booked for others before it ends. */
function keptLine(books: ClusterBooks, ledger: NodeLedger, ask: Ask, now: number): LinePlace | null {
  const view = books.view(ask.shape);
  const withLine = (line: LinePlace) =>
    horizonOf(ledger, [...ledger.placed, entryOf(ledger, line, ask)], { now, defaultLimitMs });
  const { defaultLimitMs } = books.options;
  const first = lineOn(ledger, view, { now, defaultLimitMs });
  if (!first) return null;
  const isBarredBy = (horizon: Horizon) => (id: string) =>
    isBooked({ id }, ledger.bookings, { owner: ask.owner, from: now, until: endOf(horizon, ask, now) });
  const barred = isBarredBy(withLine(first));
  const line = ledger.bookings.length === 0 ? first : lineOn(ledger, view, { now, defaultLimitMs, isBarred: barred });
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
