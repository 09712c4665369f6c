// One node's books: what is placed on it, what is promised and booked, and what is free now.
import type { Device, WaitCode } from '@baton/contracts';
import type { Ask } from './ask.ts';
import type { Booking, EngineNode, EngineShape, RunningAttempt, WaitingJob } from './engine-model.ts';
import { bitOf, type Hardware, type HardwareCatalogue } from './hardware.ts';
import { NONE_SHARED, partSpots, type SharedDevices, sharedDevices } from './shared-devices.ts';

/** As much of an attempt as a node's books need. */
export interface LedgerAttempt extends Pick<
  RunningAttempt,
  'attempt' | 'placedAt' | 'waiting' | 'since' | 'graceMs' | 'stoppingSince'
> {
  readonly job: Pick<WaitingJob, 'id' | 'shape' | 'limitMs'>;
}

export interface Placed {
  readonly attempt: LedgerAttempt;
  /** Those of this node. */
  readonly devices: readonly string[];
  /** Where these stand among the devices of the ledger. */
  readonly spots: readonly number[];
  /** The same of what it waits for, as far as that is in service. */
  readonly pool: readonly number[];
}

/** A shape, and which devices of a node suit it. */
export interface ShapeMask {
  readonly shape: EngineShape;
  /** The groups of devices that suit; 0 if the node can never hold the shape. */
  mask(ledger: NodeLedger): number;
}

export interface Promised {
  readonly ask: Ask;
  readonly view: ShapeMask;
  readonly at: number;
}

/** Sums of fractions of CPUs are not exact. */
export const TINY = 1e-9;

export class NodeLedger {
  readonly id: string;
  /** Its place among all that there ever were in these books, from 0: what is remembered of each stands in a row. */
  readonly place: number;
  #spots: ReadonlyMap<string, number> = new Map();
  /** Null before it has joined and after it was removed; what is placed on it stays in the books. */
  node: EngineNode | null = null;
  hardware: Hardware | null = null;
  /** Best fit first: those with less memory, then by index. */
  devices: readonly Device[] = [];
  /** For each device its group in the hardware's mask; 0 if it is out of service. */
  bits: readonly number[] = [];
  bookings: readonly Booking[] = [];
  /** In the order of placement. */
  placed: readonly Placed[] = [];
  /** By job. */
  promised: readonly Promised[] = [];
  /** For each device, who holds it; also whom it is promised to though free for the moment, and who keeps the whole node. */
  readonly holders: (string | null)[] = [];
  /** Devices that jobs have parts of, by spot: their `holders` are one of those jobs. */
  shared: SharedDevices = NONE_SHARED;
  /** Sound devices that nobody holds. */
  readonly free = { cpu: 0, gpu: 0 };
  readonly sound = { cpu: 0, gpu: 0 };
  /** Devices promised to those in line. */
  readonly inLine = { cpu: 0, gpu: 0 };
  usedCpus = 0;
  usedMemoryBytes = 0;
  isKeptWhole = false;
  /** Counts up with every change. */
  version = 0;

  constructor(id: string, place = 0) {
    this.id = id;
    this.place = place;
  }

  setNode(node: EngineNode | null, catalogue: HardwareCatalogue): void {
    this.node = node;
    const hardware = node && catalogue.of(node.description);
    this.hardware = hardware;
    this.devices = node === null ? [] : node.description.devices.toSorted(byFit);
    this.bits = this.devices.map((device) => (hardware && device.fault === undefined ? bitOf(hardware, device) : 0));
    this.#spots = new Map(this.devices.map(({ id }, spot) => [id, spot]));
    this.placed = this.placed.map(({ attempt, devices }) => this.entry(attempt, devices));
  }

  entry(attempt: LedgerAttempt, devices: readonly string[]): Placed {
    const spotsOf = (ids: readonly string[]) => ids.flatMap((id) => this.#spots.get(id) ?? []);
    const pool = attempt.waiting === null ? [] : spotsOf(attempt.waiting.pool);
    return { attempt, devices, spots: spotsOf(devices), pool: pool.filter((spot) => this.bits[spot] !== 0) };
  }

  setPlaced(jobId: string, attempt: LedgerAttempt | null, devices: readonly string[]): void {
    const others = this.placed.filter((entry) => entry.attempt.job.id !== jobId);
    if (attempt !== null) insert(others, this.entry(attempt, devices));
    this.placed = others;
  }

  setPromised(jobId: string, entry: Promised | null): void {
    if (entry === null && this.promised.length === 0) return;
    const others = this.promised.filter(({ ask }) => ask.jobId !== jobId);
    this.promised =
      entry === null ? others : [...others, entry].toSorted((a, b) => (a.ask.jobId < b.ask.jobId ? -1 : 1));
  }

  /** Whether what is free now is all that counts: nothing is to come. */
  get isPlain(): boolean {
    return this.promised.length === 0 && this.bookings.length === 0 && this.inLine.cpu + this.inLine.gpu === 0;
  }

  /** Derives what follows from the books. */
  refresh(): void {
    this.version += 1;
    this.isKeptWhole = this.placed.some(({ attempt }) => attempt.job.shape.exclusive);
    this.#findHolders();
    this.shared = sharedDevices(this.placed);
    this.#countDevices();
    this.#sumUp();
  }

  #countDevices(): void {
    this.free.cpu = this.free.gpu = this.sound.cpu = this.sound.gpu = 0;
    for (let spot = 0; spot < this.devices.length; spot += 1) {
      const device = this.devices[spot];
      if (!device || this.bits[spot] === 0) continue;
      this.sound[device.kind] += 1;
      if (this.holders[spot] === null) this.free[device.kind] += 1;
    }
  }

  #sumUp(): void {
    this.inLine.cpu = this.inLine.gpu = 0;
    let [cpus, memoryBytes] = [0, 0];
    for (const entry of this.placed) {
      const { waiting, job } = entry.attempt;
      cpus += waiting ? setAside(entry, this.placed, 'cpus') : job.shape.cpus;
      memoryBytes += waiting ? setAside(entry, this.placed, 'memoryBytes') : job.shape.memoryBytes;
      if (waiting) this.inLine[job.shape.deviceKind] += waiting.count;
    }
    this.usedCpus = cpus;
    this.usedMemoryBytes = memoryBytes;
  }

  /** Suitable sound devices that nobody holds; for a shape that asks for a part, also those with room for it. */
  countFree(mask: number, twentieths?: number): number {
    if (twentieths !== undefined) return partSpots(this, mask, twentieths).length;
    let count = 0;
    for (let spot = 0; spot < this.bits.length; spot += 1)
      if (((this.bits[spot] ?? 0) & mask) !== 0 && this.holders[spot] === null) count += 1;
    return count;
  }

  countSound(mask: number): number {
    let count = 0;
    for (const bit of this.bits) if ((bit & mask) !== 0) count += 1;
    return count;
  }

  #findHolders(): void {
    const { holders } = this;
    holders.length = this.devices.length;
    holders.fill(null);
    for (const { attempt } of this.placed) if (attempt.job.shape.exclusive) holders.fill(attempt.job.id);
    for (const { attempt, spots } of this.placed) for (const spot of spots) holders[spot] = attempt.job.id;
    // A device that has just come free is the first waiting attempt's, whose start is perhaps not reported yet.
    for (const { attempt, pool } of this.placed) {
      let count = attempt.waiting?.count ?? 0;
      for (const spot of pool) {
        if (count === 0) break;
        if (holders[spot] !== null) continue;
        holders[spot] = attempt.job.id;
        count -= 1;
      }
    }
  }
}

/** One in line needs beside what others use now only what the smallest of those it waits for will not give back. */
export function setAside({ attempt, pool }: Placed, placed: readonly Placed[], what: 'cpus' | 'memoryBytes'): number {
  const need = attempt.job.shape[what];
  if (need === 0) return need;
  let back = Infinity;
  for (const other of placed) {
    if (other.attempt.waiting || !isAnyOf(other.spots, pool)) continue;
    back = Math.min(back, other.attempt.job.shape[what]);
  }
  return back === Infinity ? need : Math.max(0, need - back);
}

export function isAnyOf(spots: readonly number[], pool: readonly number[]): boolean {
  for (const spot of spots) if (pool.includes(spot)) return true;
  return false;
}

/** Why the node can't take the shape as it is now, with nothing but what is placed looked at; null if it can. */
export function shortOf({ shape }: Pick<ShapeMask, 'shape'>, mask: number, ledger: NodeLedger): WaitCode | null {
  if (ledger.node === null) return 'no-node';
  if (ledger.node.refuses !== null) return ledger.node.refuses;
  if (shape.exclusive && ledger.placed.length > 0) return 'devices-busy';
  if (ledger.countFree(mask, shape.twentieths) < shape.devices) return 'devices-busy';
  const { cpus, memoryBytes } = ledger.node.description;
  if (ledger.usedCpus + shape.cpus > cpus + TINY) return 'cpus-busy';
  return ledger.usedMemoryBytes + shape.memoryBytes > memoryBytes ? 'memory-busy' : null;
}

function byFit(one: Device, other: Device): number {
  return (
    one.memoryBytes - other.memoryBytes ||
    one.index - other.index ||
    (one.id < other.id ? -1 : Number(one.id > other.id))
  );
}

/** In the order of placement; most come last. */
function insert(entries: Placed[], entry: Placed): void {
  let index = entries.length;
  for (let last = entries[index - 1]; last && isBefore(entry, last); last = entries[index - 1]) index -= 1;
  entries.splice(index, 0, entry);
}

function isBefore({ attempt: one }: Placed, { attempt: other }: Placed): boolean {
  return one.placedAt === other.placedAt ? one.job.id < other.job.id : one.placedAt < other.placedAt;
}
