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
import { Refusal, RefusedAsk, type Turns } from './refusal.ts';
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

/** When a line is looked for, and what waits before it for several devices. */
interface LineSearch {
  readonly now: number;
  readonly wider: readonly ShapeView[];
}

/** The shortest line that has room and in which the job delays nobody; null if there is none. None for jobs on several nodes. */
export function findLinePlace(
  books: ClusterBooks,
  ask: Ask,
  { now, wider }: { readonly now: number; readonly wider: readonly EngineShape[] },
): LinePlace | null {
  const { shape } = ask;
  if (isLineless(shape)) return null;
  const view = books.view(shape);
  const search: LineSearch = { now, wider: wider.map((each) => books.view(each)) };
  if (isRefused(books, view, ask, search)) return null;
  const turns = turnsOf(books, view, now);
  const refused = new RefusedAsk(ask, books.changed, now);
  for (const ledger of books.index.byLine(shape.deviceKind, mostInLine(books, shape))) {
    if (!mayHaveRoom(ledger, view)) continue;
    const line = joinable(books, ledger, ask, search);
    if (line) return line;
    refused.follow(ledger, turns);
  }
  if (isAnyones(books, ask)) view.noLine[slotOf(search)] = { refused, wider: search.wider };
  return null;
}

/** Whether some line has room for the shape; the same whatever was asked before. */
export function mayLine(books: ClusterBooks, view: ShapeView): boolean {
  const { lineless, shape } = view;
  if (isLineless(shape)) return false;
  if (lineless?.stands((ledger) => mayHaveRoom(ledger, view))) return false;
  view.lineless = null;
  if (view.roomy !== null && mayHaveRoom(view.roomy, view)) return true;
  for (const ledger of books.index.byLine(shape.deviceKind, mostInLine(books, shape))) {
    if (!mayHaveRoom(ledger, view)) continue;
    view.roomy = ledger;
    return true;
  }
  view.lineless = new Refusal(books.changed);
  return false;
}

/** Where more are in line there is no room, on any node. */
function mostInLine({ index }: ClusterBooks, { deviceKind, devices }: EngineShape): number {
  return index.mostSound[deviceKind] + SPARE_PROMISES - devices;
}

/** One that shares a device waits for room, not for an end; none for jobs on several nodes. */
function isLineless({ nodes, exclusive, twentieths }: EngineShape): boolean {
  return nodes > 1 || exclusive || twentieths !== undefined;
}

function isRefused(books: ClusterBooks, view: ShapeView, ask: Ask, search: LineSearch): boolean {
  if (!mayLine(books, view)) return true;
  if (!isAnyones(books, ask)) return false;
  return (
    standsFor(books, view, ask, { search, slot: 'alone' }) || standsFor(books, view, ask, { search, slot: 'beside' })
  );
}

/** What was refused when nobody waited before it, or the same as now, is refused now. */
function standsFor(
  books: ClusterBooks,
  view: ShapeView,
  ask: Ask,
  { search: { now, wider }, slot }: { readonly search: LineSearch; readonly slot: keyof ShapeView['noLine'] },
): boolean {
  const known = view.noLine[slot];
  if (!known?.refused.covers(ask, now)) return false;
  const isAlike = known.wider.length === wider.length && known.wider.every((each) => wider.includes(each));
  if (slot === 'beside' && !isAlike) return false;
  const mayJoin = (ledger: NodeLedger) =>
    joinable(books, ledger, known.refused.ask, { now, wider: known.wider }) !== null;
  if (known.refused.stands(mayJoin, turnsOf(books, view, now))) return true;
  view.noLine[slot] = null;
  return false;
}

function slotOf({ wider }: LineSearch): keyof ShapeView['noLine'] {
  return wider.length === 0 ? 'alone' : 'beside';
}

function turnsOf({ options: { defaultLimitMs } }: ClusterBooks, view: ShapeView, now: number): Turns {
  return { now, nextAt: (ledger) => nextLateAt(ledger, view, { now, defaultLimitMs }) };
}

interface LineOptions {
  readonly now: number;
  readonly defaultLimitMs: number;
}

interface Sound {
  /** Sound devices that suit. */
  readonly sound: readonly string[];
  /** Of those that wait before it for several of these devices, what the most modest needs. */
  readonly widthAhead: number;
}

function lineOn(ledger: NodeLedger, view: ShapeView, options: LineOptions & Sound): LinePlace | null {
  if (!mayHaveRoom(ledger, view)) return null;
  return view.shape.devices === 1 ? lineForOne(ledger, options) : lineBehindOne(ledger, view, options);
}

/**
 * Whichever of them comes free is its, as it is of those before it there. What a job of many devices gives back at once is left to
 * those of several that go first.
 */
function lineForOne(ledger: NodeLedger, { sound, widthAhead }: Sound): LinePlace | null {
  const claimed = claimedWhole(ledger, widthAhead);
  const open = sound.filter((id) => !claimed.has(id));
  const before = ledger.placed.filter((entry) => entry.attempt.waiting?.count === 1 && awaits(entry, sound));
  const shared = before[0]?.attempt.waiting?.pool.filter((id) => sound.includes(id)) ?? open;
  const pool = shared.every((id) => open.includes(id)) ? shared : [];
  if (pool.length === 0 || before.length + 1 > pool.length + SPARE_PROMISES) return null;
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
  { now, defaultLimitMs, sound }: LineOptions & Sound,
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
  let next = Infinity;
  for (const entry of placed) {
    if (entry.devices.length < shape.devices) continue;
    const at = lateAt(entry, defaultLimitMs);
    if (at > now && at < next) next = at;
  }
  return next;
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

/** Devices that jobs of several wait for, or are to have: all at once, so none may go to another in line. */
function claimedWhole({ placed }: NodeLedger, widthAhead: number): ReadonlySet<string> {
  const claimed = ({ attempt: { waiting }, devices }: Placed) =>
    waiting ? (waiting.count > 1 ? waiting.pool : []) : devices.length >= widthAhead ? devices : [];
  return new Set(placed.flatMap(claimed));
}

function holdsOrAwaits(entry: Placed, pool: readonly string[]): boolean {
  return entry.devices.some((id) => pool.includes(id)) || awaits(entry, pool);
}

function awaits({ attempt: { waiting } }: Placed, devices: readonly string[]): boolean {
  return waiting?.pool.some((id) => devices.includes(id)) ?? false;
}

/**
 * Devices left to those who wait before it narrow its choice, and a narrow choice may suit CPUs and memory where a wide one does not.
 * It is to suit both: whoever is refused a line with nobody before it is refused it however many are.
 */
function joinable(books: ClusterBooks, ledger: NodeLedger, ask: Ask, search: LineSearch): LinePlace | null {
  const line = keptLine(books, ledger, ask, search);
  if (line === null || search.wider.length === 0) return line;
  return keptLine(books, ledger, ask, { ...search, wider: [] }) && line;
}

/** The node's line with the job at its end, without devices that are booked for others before it ends. */
function keptLine(books: ClusterBooks, ledger: NodeLedger, ask: Ask, { now, wider }: LineSearch): LinePlace | null {
  const view = books.view(ask.shape);
  const mask = view.mask(ledger);
  const widths = wider.map((each) => ((each.mask(ledger) & mask) === 0 ? Infinity : each.shape.devices));
  const widthAhead = Math.min(Infinity, ...widths);
  const lineWithout = (isBarred: (id: string) => boolean) =>
    lineOn(ledger, view, { now, defaultLimitMs, widthAhead, sound: suitable(ledger, mask, isBarred) });
  const withLine = (line: LinePlace) =>
    horizonOf(ledger, [...ledger.placed, entryOf(ledger, line, ask)], { now, defaultLimitMs });
  const { defaultLimitMs } = books.options;
  const first = lineWithout(() => false);
  if (!first) return null;
  const isBarredBy = (horizon: Horizon) => (id: string) =>
    isBooked({ id }, ledger.bookings, { owner: ask.owner, from: now, until: endOf(horizon, ask, now) });
  if (ledger.bookings.length === 0) {
    const isKept =
      isAllKept(books, ledger, ask) || keepsPromises(books, new NodeProfile(ledger, withLine(first), now), ask);
    return isKept ? first : null;
  }
  const line = lineWithout(isBarredBy(withLine(first)));
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
