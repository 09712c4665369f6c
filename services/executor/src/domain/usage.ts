// What an attempt's processes use, out of the process table.
import type { MetricValues } from '@baton/contracts';
import type { ProcessIdentity } from './journal.ts';

/** One line of the process table, as /proc/<pid>/stat has it. */
export interface ProcessUsage {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly startTicks: number;
  /** Its own processor time, and that of its children that have ended: nothing is lost when one ends. */
  readonly cpuTicks: number;
  readonly residentPages: number;
}

/** What the kernel counts for a process and its children that have ended; zero where it can't be read. */
export interface ProcessIo {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

export interface Usage extends ProcessIo {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Of a clock that nobody can set. */
  readonly atMs: number;
}

/** The supervisor or container, all of its session, and all their descendants. A process that has cut all these ties is left out. */
export function membersOf(table: readonly ProcessUsage[], leader: ProcessIdentity): ProcessUsage[] {
  const first = table.find((one) => one.pid === leader.pid);
  // The number now names another process.
  if (first !== undefined && first.startTicks !== leader.startTicks) return [];
  const children = Map.groupBy(table, (one) => one.parent);
  const found = new Map(table.filter((one) => isOf(one, leader)).map((one) => [one.pid, one]));
  for (const { pid } of found.values()) for (const child of children.get(pid) ?? []) found.set(child.pid, child);
  return [...found.values()];
}

function isOf(one: ProcessUsage, leader: ProcessIdentity): boolean {
  return one.pid === leader.pid || one.session === leader.pid;
}

/** Cores, bytes, and bytes a second since the measurement before. */
export function usageValues(before: Usage, now: Usage): MetricValues {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1_000);
  const rate = (from: number, to: number) => rounded(Math.max(0, to - from) / seconds);
  return {
    'system/cpu': rate(before.cpuSeconds, now.cpuSeconds),
    'system/memory': now.residentBytes,
    'system/disk-read': rate(before.readBytes, now.readBytes),
    'system/disk-write': rate(before.writtenBytes, now.writtenBytes),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
