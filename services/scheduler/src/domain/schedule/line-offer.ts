// What the line of one node offers: behind whom a job would wait there, and for which devices. No device stands idle for it meanwhile.
import type { Behind, Device } from '@baton/contracts';
import { suitableGroups } from './able.ts';
import { isAnyOf, type NodeLedger, type Placed } from './node-ledger.ts';

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

/** What is asked of the line of a node. */
export interface LineWant {
  readonly kind: Device['kind'];
  readonly devices: number;
  /** The groups of devices that suit. */
  readonly mask: number;
  /** Of those that wait before it for several of these devices, what the most modest needs. */
  readonly widthAhead: number;
}

export interface LineTime {
  readonly now: number;
  readonly defaultLimitMs: number;
}

/** `isBarred`: by spot, devices that are left out. Null: the line has nothing for the job. */
export function lineOn(
  ledger: NodeLedger,
  want: LineWant,
  time: LineTime,
  isBarred: (spot: number) => boolean = () => false,
): LinePlace | null {
  if (!hasRoom(ledger, want)) return null;
  const { bits, shared } = ledger;
  // A device that jobs share is nobody's next: it is free when the last of them has ended, and others may have come by then.
  const suits = (spot: number) => ((bits[spot] ?? 0) & want.mask) !== 0 && !shared.has(spot) && !isBarred(spot);
  return want.devices === 1 ? lineForOne(ledger, want, suits) : lineBehindOne(ledger, want, time, suits);
}

/** When time alone may bring somebody there whom a job of several devices can wait behind. */
export function nextLateAt({ placed }: NodeLedger, { devices }: LineWant, { now, defaultLimitMs }: LineTime): number {
  if (devices === 1) return Infinity;
  let next = Infinity;
  for (const entry of placed) {
    if (entry.devices.length < devices) continue;
    const at = lateAt(entry, defaultLimitMs);
    if (at > now && at < next) next = at;
  }
  return next;
}

function hasRoom(ledger: NodeLedger, { kind, devices, mask }: LineWant): boolean {
  if (mask === 0 || ledger.node?.refuses !== null || ledger.isKeptWhole || ledger.placed.length === 0) return false;
  if (ledger.inLine[kind] + devices > ledger.sound[kind] + SPARE_PROMISES) return false;
  // All its devices are free, and something else is lacking: nothing to wait in line for.
  return ledger.countFree(mask) < devices && isOfOneSort(ledger, kind, mask);
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

/**
 * Whichever of them comes free is its, as it is of those before it there. What a job of many devices gives back at once is left to
 * those of several that go first.
 */
function lineForOne(ledger: NodeLedger, { widthAhead }: LineWant, suits: (spot: number) => boolean): LinePlace | null {
  const { placed } = ledger;
  let first: Placed | undefined;
  let before = 0;
  for (const entry of placed) {
    if (entry.attempt.waiting?.count !== 1 || !entry.pool.some(suits)) continue;
    first ??= entry;
    before += 1;
  }
  const shared = first === undefined ? openSpots(ledger, widthAhead, suits) : first.pool.filter(suits);
  if (shared.length === 0 || before + 1 > shared.length + SPARE_PROMISES) return null;
  if (first !== undefined && placed.some((entry) => isAnyOf(claimedWhole(entry, widthAhead), shared))) return null;
  const isOfPool = (spot: number) => shared.includes(spot);
  const predecessors = placed.filter(({ spots, pool }) => spots.some(isOfPool) || pool.some(isOfPool));
  return predecessors.length === 0 ? null : placeBehind(ledger, predecessors, { count: 1, pool: shared });
}

function openSpots({ devices, placed }: NodeLedger, widthAhead: number, suits: (spot: number) => boolean): number[] {
  const open: number[] = [];
  for (let spot = 0; spot < devices.length; spot += 1) if (suits(spot)) open.push(spot);
  const claimed = placed.flatMap((entry) => claimedWhole(entry, widthAhead));
  return claimed.length === 0 ? open : open.filter((spot) => !claimed.includes(spot));
}

/** Devices that jobs of several wait for, or are to have: all at once, so none may go to another in line. */
function claimedWhole({ attempt: { waiting }, devices, spots, pool }: Placed, widthAhead: number): readonly number[] {
  if (waiting) return waiting.count > 1 ? pool : NO_SPOTS;
  return devices.length >= widthAhead ? spots : NO_SPOTS;
}

const NO_SPOTS: readonly number[] = [];

/**
 * A job of several devices takes over those of one running job that is likely to end soon. If it waited for several to end, what
 * came free first would stand idle; and behind one that has far to go it would be passed by many.
 */
function lineBehindOne(
  ledger: NodeLedger,
  { devices }: LineWant,
  { now, defaultLimitMs }: LineTime,
  suits: (spot: number) => boolean,
): LinePlace | null {
  const { placed } = ledger;
  const usedOf = ({ since, job }: Placed['attempt']) => (now - (since ?? now)) / (job.limitMs ?? defaultLimitMs);
  let best: Placed | null = null;
  let mostUsed = -1;
  for (const entry of placed) {
    if (entry.devices.length < devices || lateAt(entry, defaultLimitMs) > now) continue;
    const used = usedOf(entry.attempt);
    if (used <= mostUsed || count(entry.spots, suits) < devices || placed.some((other) => awaits(other, entry)))
      continue;
    best = entry;
    mostUsed = used;
  }
  return best && placeBehind(ledger, [best], { count: devices, pool: best.spots.filter(suits) });
}

function lateAt({ attempt }: Placed, defaultLimitMs: number): number {
  return attempt.since === null ? Infinity : attempt.since + LATE * (attempt.job.limitMs ?? defaultLimitMs);
}

function awaits({ attempt: { waiting } }: Placed, { devices }: Placed): boolean {
  return waiting?.pool.some((id) => devices.includes(id)) ?? false;
}

function count(spots: readonly number[], suits: (spot: number) => boolean): number {
  let found = 0;
  for (const spot of spots) if (suits(spot)) found += 1;
  return found;
}

function placeBehind(
  { id, devices }: NodeLedger,
  predecessors: readonly Placed[],
  taken: { readonly count: number; readonly pool: readonly number[] },
): LinePlace {
  const behind = {
    count: taken.count,
    pool: taken.pool.flatMap((spot) => devices[spot]?.id ?? []),
    predecessors: predecessors.map(({ attempt }) => ({ jobId: attempt.job.id, attempt: attempt.attempt })),
  };
  return { nodeId: id, devices: [], behind };
}
