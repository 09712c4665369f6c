// Which devices there are now, given those that there were: a card that has gone stays listed, with the reason, until it is back.
import type { Device } from '@baton/contracts';
import type { FoundDevice, GpuCard, LostCard } from './gpu-xml.ts';

export interface RememberedDevice {
  readonly busId: string;
  readonly device: FoundDevice;
}

export interface GpuAnswer {
  readonly cards: readonly GpuCard[];
  readonly lost: readonly LostCard[];
  /** Why cards that nobody names may be missing; null if the answer is whole. */
  readonly failure: string | null;
}

/** In the order of the answer, the missing ones after them. */
export function presentDevices(answer: GpuAnswer, before: readonly RememberedDevice[]): RememberedDevice[] {
  const found = answer.cards.flatMap(({ busId, devices }) => devices.map((device) => ({ busId, device })));
  const ids = new Set(found.map(({ device }) => device.id));
  const missing = before.flatMap(({ busId, device }) => {
    if (ids.has(device.id)) return [];
    const fault = faultOfMissing(busId, answer);
    return fault === null ? [] : [{ busId, device: { ...device, fault } }];
  });
  return [...found, ...missing];
}

/** Null if the device is gone and nothing is wrong: an instance of a card that is divided anew. */
function faultOfMissing(busId: string, { cards, lost, failure }: GpuAnswer): string | null {
  const named = lost.find((card) => card.busId === busId);
  if (named) return named.fault;
  const card = cards.find((candidate) => candidate.busId === busId);
  if (card) return card.fault;
  return failure ?? 'it is not on the bus any more';
}

export interface DeviceFault {
  readonly id: string;
  readonly fault: string;
}

/** Those that were well, or not there, before. */
export function newFaults(before: readonly Device[], now: readonly Device[]): DeviceFault[] {
  const broken = new Set(before.flatMap(({ id, fault }) => (fault === undefined ? [] : [id])));
  return now.flatMap(({ id, fault }) => (fault === undefined || broken.has(id) ? [] : [{ id, fault }]));
}
