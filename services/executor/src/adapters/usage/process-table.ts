// The process table with what each process has used, from /proc.
import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessIo, ProcessUsage } from '../../domain/usage.ts';

const NOTHING: ProcessIo = { readBytes: 0, writtenBytes: 0 };
/** Of the auxiliary vector (getauxval(3)): pairs of 64-bit numbers. */
const AT_PAGESZ = 6n;
const AT_CLKTCK = 17n;

export interface KernelUnits {
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

export function kernelUnits(): KernelUnits {
  const vector = readFileSync('/proc/self/auxv');
  const entries = new Map<bigint, bigint>();
  for (let at = 0; at + 16 <= vector.length; at += 16)
    entries.set(vector.readBigUInt64LE(at), vector.readBigUInt64LE(at + 8));
  return {
    pageBytes: Number(entries.get(AT_PAGESZ) ?? 4_096n),
    ticksPerSecond: Number(entries.get(AT_CLKTCK) ?? 100n),
  };
}

export function processTable(): ProcessUsage[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => usageOf(Number(pid)) ?? []);
}

/** Null if it has just ended. */
function usageOf(pid: number): ProcessUsage | null {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  if (text === '') return null;
  // The command's name stands in parentheses and may hold anything, parentheses too. Numbers as in proc(5), less three.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (index: number) => fields[index] ?? 0;
  return {
    pid,
    parent: at(1),
    session: at(3),
    cpuTicks: at(11) + at(12) + at(13) + at(14),
    startTicks: at(19),
    residentPages: at(21),
  };
}

export function processIo(pid: number): ProcessIo {
  const text = readOrEmpty(`/proc/${pid}/io`);
  if (text === '') return NOTHING;
  const of = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { readBytes: of('read_bytes'), writtenBytes: of('write_bytes') };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
