// The faults of a simulation: a list, from its seed alone, that can be shortened and played again.
import { type Random, random } from '@baton/scheduler/core';
import type { Cluster } from './workload.ts';

/** What each strikes. */
export const FAULT_TARGETS = {
  'crash-scheduler': 'scheduler',
  'stop-scheduler': 'scheduler',
  'one-scheduler-more': 'scheduler',
  'crash-agent': 'node',
  'crash-agent-at-start': 'node',
  'stop-agent': 'node',
  'crash-log': 'log',
  'slow-log': 'log',
  cut: 'machine',
  'cut-out': 'machine',
  'cut-in': 'machine',
  stall: 'machine',
  'slow-network': 'machine',
  'lossy-network': 'machine',
  'power-cut': 'node',
  'power-cut-at-start': 'node',
  clock: 'machine',
  'kill-supervisor': 'node',
  'slow-disk': 'node',
  'full-disk': 'node',
  'foreign-set': 'node',
  'older-set': 'node',
  'empty-set': 'node',
} as const;

export type FaultKind = keyof typeof FAULT_TARGETS;
export const FAULT_KINDS = Object.keys(FAULT_TARGETS) as readonly FaultKind[];

export interface Fault {
  /** ms from the beginning. */
  readonly at: number;
  readonly kind: FaultKind;
  /** Which scheduler, node or machine. */
  readonly target: number;
  /** How long it lasts; of a clock, by how much it is wrong. */
  readonly ms: number;
}

/** All faults are over by then. */
export const QUIET_MS = 30_000;
const FIRST_MS = 500;
const SCHEDULERS = 2;
const CLOCKS_MS = [-3_600_000, -60_000, -5_000, 5_000, 60_000, 3_600_000];

export function faultsOf(seed: number, cluster: Cluster): Fault[] {
  const chance = random(seed ^ 0x2545f491);
  const count = 1 + Math.floor(chance() * 10);
  const faults = Array.from({ length: count }, () => faultOf(chance, cluster));
  return faults.toSorted((one, other) => one.at - other.at);
}

function faultOf(chance: Random, { nodes }: Cluster): Fault {
  const kind = FAULT_KINDS[Math.floor(chance() * FAULT_KINDS.length)] ?? 'crash-log';
  const at = Math.floor(FIRST_MS + chance() * (QUIET_MS - FIRST_MS - 1_000));
  const ms = kind === 'clock' ? (CLOCKS_MS[Math.floor(chance() * CLOCKS_MS.length)] ?? 0) : durationOf(chance);
  return { at, kind, target: Math.floor(chance() * targetsOf(kind, nodes)), ms };
}

/** Many that are short, some that outlast leases and calls. */
function durationOf(chance: Random): number {
  return Math.floor(50 + chance() ** 2 * 15_000);
}

/** Machines are the schedulers' and the nodes. */
function targetsOf(kind: FaultKind, nodes: number): number {
  return { scheduler: SCHEDULERS, log: 1, machine: SCHEDULERS + nodes, node: nodes }[FAULT_TARGETS[kind]];
}
