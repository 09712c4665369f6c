// Reads /proc: which processes there are, since when, and in which session.
import { readdirSync, readFileSync } from 'node:fs';
import { uptime } from 'node:os';

export interface ProcessStat {
  readonly pid: number;
  /** R, S, D, Z... */
  readonly state: string;
  readonly session: number;
  readonly startTicks: number;
}

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

export function uptimeMs(): number {
  return uptime() * 1_000;
}

/** Null if there is no such process. A zombie counts as gone: it holds nothing, and some containers never reap it. */
export function processStat(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The command's name stands in parentheses and may hold anything, parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = 'Z'] = fields;
  return state === 'Z' || state === 'X'
    ? null
    : { pid, state, session: Number(fields[3]), startTicks: Number(fields[19]) };
}

export function allProcesses(): ProcessStat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => processStat(Number(pid)) ?? []);
}

/** The environment that a process was started with; empty where it can't be read. */
export function processEnvironment(pid: number): string {
  return readOrEmpty(`/proc/${pid}/environ`);
}

/** Its real group; null if it is gone. */
export function groupOf(pid: number): number | null {
  const match = /^Gid:\t(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`));
  return match === null ? null : Number(match[1]);
}

export function processCommand(pid: number): readonly string[] {
  return readOrEmpty(`/proc/${pid}/cmdline`).split('\0');
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
