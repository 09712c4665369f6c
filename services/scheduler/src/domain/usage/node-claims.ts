// What a node's own state says of one of its devices: out of service, unreachable, without a scheduler.
import type { Interval, Microseconds, TimeWindow } from './interval.ts';
import { type Claim, RANK } from './layers.ts';
import type { DeviceService, NodePhase, NodeUsage } from './node-usage.ts';

const NOT_REPORTED = 'the node does not have it any more';
const REMOVED = 'the node was removed';

export interface DeviceLife {
  readonly id: string;
  readonly kind: DeviceService['kind'];
  /** Since then it is in the ledger. */
  readonly joinedAt: Microseconds;
}

/** Every device that the node ever had, in the order in which it named them. */
export function devicesOf(node: NodeUsage): DeviceLife[] {
  const found = new Map<string, DeviceLife>();
  for (const { at, capacity } of node.phases) {
    for (const { id, kind } of node.capacities[capacity]?.devices ?? []) {
      if (!found.has(id)) found.set(id, { id, kind, joinedAt: at });
    }
  }
  return [...found.values()];
}

export function nodeClaims(node: NodeUsage, device: string, window: TimeWindow): Claim[] {
  const claims: Claim[] = [];
  for (const [index, phase] of node.phases.entries()) {
    const to = node.phases[index + 1]?.at ?? Infinity;
    if (to <= window.from || phase.at >= window.to) continue;
    claims.push(...phaseClaims(node, phase, device, to));
  }
  for (const { from, to } of node.outages) {
    if (to <= window.from || from >= window.to) continue;
    claims.push({ from, to, rank: RANK.platformDown, use: use('platform-down') });
  }
  return claims;
}

function phaseClaims(node: NodeUsage, phase: NodePhase, device: string, to: Microseconds): Claim[] {
  const from = phase.at;
  const claims: Claim[] = [];
  const lost = lossOf(node, phase, device);
  if (lost !== null) claims.push({ from, to, rank: RANK.deviceLost, use: use('out-of-service', lost) });
  if (phase.cordon !== null) claims.push({ from, to, rank: RANK.cordoned, use: use('out-of-service', phase.cordon) });
  if (!phase.reachable) claims.push({ from, to, rank: RANK.unreachable, use: use('unreachable') });
  return claims;
}

function use(category: Interval['category'], reason: string | null = null) {
  return { category, of: null, reason };
}

function lossOf(node: NodeUsage, phase: NodePhase, id: string): string | null {
  if (phase.removed) return REMOVED;
  const device = node.capacities[phase.capacity]?.devices.find((candidate) => candidate.id === id);
  return device ? device.fault : NOT_REPORTED;
}

/** Whether it was gone before the window, and did not come back in it: then it is not listed. */
export function isGone(node: NodeUsage, device: string, window: TimeWindow): boolean {
  const relevant = node.phases.filter(
    (phase, index) => phase.at < window.to && (node.phases[index + 1]?.at ?? Infinity) > window.from,
  );
  return relevant.every(
    (phase) => phase.removed || !node.capacities[phase.capacity]?.devices.some((candidate) => candidate.id === device),
  );
}
