// One node's books: what is placed on it, what is promised and booked, and what is free now.
import type { Device, WaitCode } from '@baton/contracts';
import type { Ask } from './ask.ts';
import type { Booking, EngineNode, RunningAttempt, WaitingJob } from './engine-model.ts';
import { bitOf, type Hardware, type HardwareCatalogue } from './hardware.ts';
import type { ShapeView } from './shape-view.ts';

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
}

export interface Promised {
  readonly ask: Ask;
  readonly view: ShapeView;
  readonly at: number;
}

/** Sums of fractions of CPUs are not exact. */
export const TINY = 1e-9;

export interface LedgerDevice {
  readonly device: Device;
  readonly isSound: boolean;
  /** Of its group in the hardware's mask. */
  readonly bit: number;
}

export class NodeLedger {
  readonly id: string;
  /** Null before it has joined and after it was removed; what is placed on it stays in the books. */
  node: EngineNode | null = null;
  hardware: Hardware | null = null;
  /** Best fit first: those with less memory, then by index. */
  devices: readonly LedgerDevice[] = [];
  bookings: readonly Booking[] = [];
  /** In the order of placement. */
  placed: readonly Placed[] = [];
  /** By job. */
  promised: readonly Promised[] = [];
  /** For each device, who holds it; also whom it is promised to though free for the moment, and who keeps the whole node. */
  holders: readonly (string | null)[] = [];
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

  constructor(id: string) {
    this.id = id;
  }

  setNode(node: EngineNode | null, catalogue: HardwareCatalogue): void {
    this.node = node;
    const hardware = node && catalogue.of(node.description);
    this.hardware = hardware;
    const devices = node === null ? [] : node.description.devices.toSorted(byFit);
    this.devices = devices.map((device) => ({
      device,
      isSound: device.fault === undefined,
      bit: hardware ? bitOf(hardware, device) : 0,
    }));
  }

  setPlaced(jobId: string, entry: Placed | null): void {
    const others = this.placed.filter(({ attempt }) => attempt.job.id !== jobId);
    this.placed = entry === null ? others : [...others, entry].toSorted(byPlace);
  }

  setPromised(jobId: string, entry: Promised | null): void {
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
    this.holders = this.#holders();
    for (const kind of ['cpu', 'gpu'] as const) this.free[kind] = this.sound[kind] = this.inLine[kind] = 0;
    for (const [index, { device, isSound }] of this.devices.entries()) {
      if (!isSound) continue;
      this.sound[device.kind] += 1;
      if (this.holders[index] === null) this.free[device.kind] += 1;
    }
    this.usedCpus = this.usedMemoryBytes = 0;
    for (const { attempt } of this.placed) {
      this.usedCpus += setAside(attempt, this.placed, 'cpus');
      this.usedMemoryBytes += setAside(attempt, this.placed, 'memoryBytes');
      if (attempt.waiting) this.inLine[attempt.job.shape.deviceKind] += attempt.waiting.count;
    }
  }

  /** Suitable sound devices that nobody holds. */
  countFree(mask: number): number {
    let count = 0;
    for (const [index, { isSound, bit }] of this.devices.entries())
      if (isSound && (bit & mask) !== 0 && this.holders[index] === null) count += 1;
    return count;
  }

  countSound(mask: number): number {
    let count = 0;
    for (const { isSound, bit } of this.devices) if (isSound && (bit & mask) !== 0) count += 1;
    return count;
  }

  #holders(): (string | null)[] {
    const byDevice = new Map<string, string>();
    for (const { attempt, devices } of this.placed) for (const id of devices) byDevice.set(id, attempt.job.id);
    const whole = this.placed.find(({ attempt }) => attempt.job.shape.exclusive);
    const holders = this.devices.map(({ device }) => byDevice.get(device.id) ?? whole?.attempt.job.id ?? null);
    // A device that has just come free is the first waiting attempt's, whose start is perhaps not reported yet.
    for (const { attempt } of this.placed) {
      let count = attempt.waiting?.count ?? 0;
      for (const [index, { device, isSound }] of this.devices.entries()) {
        if (count === 0) break;
        if (!isSound || holders[index] !== null || !attempt.waiting?.pool.includes(device.id)) continue;
        holders[index] = attempt.job.id;
        count -= 1;
      }
    }
    return holders;
  }
}

/** One in line needs beside what others use now only what the smallest of those it waits for will not give back. */
export function setAside(attempt: LedgerAttempt, placed: readonly Placed[], what: 'cpus' | 'memoryBytes'): number {
  const { waiting, job } = attempt;
  const need = job.shape[what];
  if (!waiting || need === 0) return need;
  let back = Infinity;
  for (const other of placed) {
    if (other.attempt.waiting || !other.devices.some((id) => waiting.pool.includes(id))) continue;
    back = Math.min(back, other.attempt.job.shape[what]);
  }
  return back === Infinity ? need : Math.max(0, need - back);
}

/** Why the node can't take the shape as it is now, with nothing but what is placed looked at; null if it can. */
export function shortOf({ shape }: Pick<ShapeView, 'shape'>, mask: number, ledger: NodeLedger): WaitCode | null {
  if (ledger.node === null) return 'no-node';
  if (ledger.node.refuses !== null) return ledger.node.refuses;
  if (shape.exclusive && ledger.placed.length > 0) return 'devices-busy';
  if (ledger.countFree(mask) < shape.devices) return 'devices-busy';
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

function byPlace(one: Placed, other: Placed): number {
  const order = one.attempt.placedAt - other.attempt.placedAt;
  return order || (one.attempt.job.id < other.attempt.job.id ? -1 : 1);
}
