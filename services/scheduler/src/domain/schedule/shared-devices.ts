// Devices that several jobs have a part of each: how much is taken, by how many, and where another part fits.
import { TWENTIETHS_OF_DEVICE } from '@baton/contracts';
import type { EngineNode, EngineShape } from './engine-model.ts';

interface Placed {
  readonly attempt: { readonly job: { readonly shape: EngineShape } };
  readonly spots: readonly number[];
}

export interface SharedDevice {
  readonly twentieths: number;
  readonly jobs: number;
}
/** By the place of the device among those of its node. */
export type SharedDevices = ReadonlyMap<number, SharedDevice>;
export const NONE_SHARED: SharedDevices = new Map();

export function sharedDevices(placed: readonly Placed[]): SharedDevices {
  let found: Map<number, SharedDevice> | null = null;
  for (const { attempt, spots } of placed) {
    const { twentieths } = attempt.job.shape;
    if (twentieths === undefined) continue;
    found ??= new Map();
    for (const spot of spots) {
      const before = found.get(spot) ?? { twentieths: 0, jobs: 0 };
      found.set(spot, { twentieths: before.twentieths + twentieths, jobs: before.jobs + 1 });
    }
  }
  return found ?? NONE_SHARED;
}

/** Whether the node lets jobs share its devices, for a shape that asks for a part of one. */
export function sharesFor({ twentieths }: EngineShape, node: { readonly jobsPerDevice?: number }): boolean {
  return twentieths === undefined || jobsPerDeviceOf(node) > 1;
}

export function jobsPerDeviceOf({ jobsPerDevice = 1 }: { readonly jobsPerDevice?: number }): number {
  return jobsPerDevice;
}

interface NodeBooks {
  readonly node: EngineNode | null;
  readonly bits: readonly number[];
  readonly holders: readonly (string | null)[];
  readonly shared: SharedDevices;
}

/** Suitable sound devices on which a part fits now: the fullest first, then those that nobody holds, best fit first. */
export function partSpots({ bits, holders, shared, node }: NodeBooks, mask: number, twentieths: number): number[] {
  const most = node === null ? 1 : jobsPerDeviceOf(node);
  const found: { readonly spot: number; readonly taken: number }[] = [];
  for (let spot = 0; spot < bits.length; spot += 1) {
    if (((bits[spot] ?? 0) & mask) === 0) continue;
    const beside = shared.get(spot);
    if (beside ? partFits(beside, twentieths, most) : holders[spot] === null)
      found.push({ spot, taken: beside?.twentieths ?? 0 });
  }
  return found.toSorted((one, other) => other.taken - one.taken || one.spot - other.spot).map(({ spot }) => spot);
}

export function partFits(beside: SharedDevice, twentieths: number, most: number): boolean {
  return beside.twentieths + twentieths <= TWENTIETHS_OF_DEVICE && beside.jobs < most;
}

/** A part of a device that is taken until then. */
export interface TakenPart {
  readonly until: number;
  readonly twentieths: number;
}

/** From when on another part fits beside these, if nothing else comes. */
export function partFitsFrom(taken: readonly TakenPart[], twentieths: number, most: number): number {
  let left: SharedDevice = { twentieths: taken.reduce((sum, part) => sum + part.twentieths, 0), jobs: taken.length };
  let from = 0;
  for (const part of taken.toSorted((one, other) => one.until - other.until)) {
    if (partFits(left, twentieths, most)) break;
    left = { twentieths: left.twentieths - part.twentieths, jobs: left.jobs - 1 };
    from = part.until;
  }
  return from;
}
