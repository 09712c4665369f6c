// Memory and processor time of processes, as the kernel counts them.
import { readFileSync } from 'node:fs';

/** Resident memory with shared pages counted once among those that share them (Pss), in bytes. */
export function residentBytes(pid: number): number {
  const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(match?.[1] ?? Number.NaN) * 1_024;
}

const TICKS_PER_SECOND = 100;

/** User and system time since its start, in seconds. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
