// What a node has to give at any time from now on, when all limits are used up and all promises kept.
import type { Device } from '@baton/contracts';
import { type Ask, holdMs } from './ask.ts';
import type { Booking, EngineShape, Owner } from './engine-model.ts';
import type { Horizon } from './horizon.ts';
import { type NodeLedger, type Promised, type ShapeMask, TINY } from './node-ledger.ts';
import { jobsPerDeviceOf, partFitsFrom } from './shared-devices.ts';

/** So much of the node, for so long. */
export interface Demand {
  readonly jobId: string;
  readonly owner: Owner;
  readonly mask: number;
  readonly devices: number;
  /** Of one device that it shares; absent: all of its devices. */
  readonly twentieths?: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly from: number;
  readonly until: number;
}

export class NodeProfile {
  readonly ledger: NodeLedger;
  readonly horizon: Horizon;
  readonly now: number;

  constructor(ledger: NodeLedger, horizon: Horizon, now: number) {
    this.ledger = ledger;
    this.horizon = horizon;
    this.now = now;
  }

  /** Null if the node can't hold the shape, or not as long as its broken devices are out of service. */
  demand(ask: Ask, view: ShapeMask, from: number): Demand | null {
    const { ledger } = this;
    const mask = view.mask(ledger);
    const { shape, jobId, owner } = ask;
    if (mask === 0 || ledger.countSound(mask) < shape.devices) return null;
    const span = { jobId, owner, from, until: from + holdMs(ask) };
    if (!shape.exclusive) {
      const { devices, twentieths, cpus: ofCpus, memoryBytes: ofMemory } = shape;
      const demand = { ...span, mask, devices, cpus: ofCpus, memoryBytes: ofMemory };
      return twentieths === undefined ? demand : { ...demand, twentieths };
    }
    const { cpus = 0, memoryBytes = 0 } = ledger.hardware ?? {};
    return { ...span, mask: -1, devices: ledger.countSound(-1), cpus, memoryBytes };
  }

  /** The promises that the ask must keep, from now on; one whose time is past is due now. `isEarly`: as if its own were not due yet. */
  promises(ask: Ask, isEarly = false): Demand[] {
    const found: Demand[] = [];
    for (const promised of this.ledger.promised) {
      if (!this.#stands(promised, ask, isEarly)) continue;
      const demand = this.demand(promised.ask, promised.view, Math.max(promised.at, this.now));
      if (demand) found.push(demand);
    }
    return found;
  }

  /** Its own does not stand in its way; once that is due, neither do those of its own class. */
  #stands({ ask: other }: Promised, ask: Ask, isEarly: boolean): boolean {
    if (other.jobId === ask.jobId || other.priority < ask.priority) return false;
    return other.priority > ask.priority || isEarly || !this.#isDue(ask.jobId);
  }

  #isDue(jobId: string): boolean {
    return this.ledger.promised.some((own) => own.ask.jobId === jobId && own.at <= this.now);
  }

  /** Whether all of the demand is met for all of its time, and of the promises too. */
  fits(demand: Demand, promises: readonly Demand[]): boolean {
    const overlapping = promises.filter((other) => other.from < demand.until && other.until > demand.from);
    const all = [...overlapping, demand];
    if (!this.holdsAt(demand.from, all)) return false;
    // Running attempts only end: it gets tighter only where a promise or one in line begins.
    for (const { from } of overlapping) if (from > demand.from && !this.holdsAt(from, all)) return false;
    for (const { from } of this.horizon.loads)
      if (from > demand.from && from < demand.until && !this.holdsAt(from, all)) return false;
    return true;
  }

  /** Whichever devices the others take, enough are left for each; a part may be of any, and is taken to need one. */
  holdsAt(time: number, demands: readonly Demand[]): boolean {
    const active = demands.filter(({ from, until }) => from <= time && time < until);
    let cpus = 0;
    let memoryBytes = 0;
    for (const demand of active) {
      cpus += demand.cpus;
      memoryBytes += demand.memoryBytes;
      let devices = 0;
      for (const other of active) if ((other.mask & demand.mask) !== 0) devices += other.devices;
      if (this.#countUsable(demand, time) < devices) return false;
    }
    for (const load of this.horizon.loads) {
      if (load.from > time || time >= load.until) continue;
      cpus += load.cpus;
      memoryBytes += load.memoryBytes;
    }
    const { hardware } = this.ledger;
    return hardware !== null && cpus <= hardware.cpus + TINY && memoryBytes <= hardware.memoryBytes;
  }

  /** From when on a device is free for the shape; of one that asks for a part, from when on that fits beside others. */
  freeFrom(spot: number, { twentieths }: Pick<EngineShape, 'twentieths'>): number {
    const { until, parts } = this.horizon;
    const taken = twentieths === undefined ? undefined : parts.get(spot);
    if (taken === undefined || twentieths === undefined) return until[spot] ?? 0;
    return partFitsFrom(taken, twentieths, jobsPerDeviceOf(this.ledger.node ?? {}));
  }

  #countUsable(demand: Demand, time: number): number {
    const { bits, devices, bookings } = this.ledger;
    let count = 0;
    for (let spot = 0; spot < bits.length; spot += 1) {
      if (((bits[spot] ?? 0) & demand.mask) === 0 || this.freeFrom(spot, demand) > time) continue;
      const device = devices[spot];
      if (bookings.length === 0 || (device && !isBooked(device, bookings, demand))) count += 1;
    }
    return count;
  }
}

/** Suitable devices that are free now and not booked for others before the demand ends; best fit first. */
export function freeDevices(
  { devices, bits, holders, bookings }: NodeLedger,
  demand: Pick<Demand, 'mask' | 'owner' | 'from' | 'until'>,
): string[] {
  const isFree = (device: Device, spot: number) =>
    ((bits[spot] ?? 0) & demand.mask) !== 0 && holders[spot] === null && !isBooked(device, bookings, demand);
  return devices.filter(isFree).map(({ id }) => id);
}

/** Whether the device is kept for others at some time between. */
export function isBooked(
  device: Pick<Device, 'id'>,
  bookings: readonly Booking[],
  { owner, from, until }: Pick<Demand, 'owner' | 'from' | 'until'>,
): boolean {
  return bookings.some(
    (booking) =>
      booking.from < until &&
      booking.until > from &&
      (booking.devices === null || booking.devices.includes(device.id)) &&
      !admits(booking, owner),
  );
}

export function admits({ userIds, groupIds }: Booking, { userId, groupId }: Owner): boolean {
  return userIds.includes(userId) || (groupId !== null && groupIds.includes(groupId));
}
