// Holds an attempt to its memory where no control group can: looks every second, and kills what is above its limit twice in a row.
import { readFileSync } from 'node:fs';
import { kernelUnits } from '../usage/process-table.ts';
import { kill } from './attempt-processes.ts';

const LOOK_MS = 1_000;
const LOOKS = 2;

export interface MemoryWatchParts {
  readonly limitBytes: number;
  readonly members: () => readonly number[];
}

export class MemoryWatch {
  readonly #parts: MemoryWatchParts;
  readonly #timer: NodeJS.Timeout;
  #looksAbove = 0;

  constructor(parts: MemoryWatchParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** It was killed for it. */
  get hasKilled(): boolean {
    return this.#looksAbove >= LOOKS;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { members, limitBytes } = this.#parts;
    const pids = members();
    if (this.hasKilled || isAbove(pids, limitBytes)) this.#looksAbove += 1;
    else this.#looksAbove = 0;
    if (this.hasKilled) for (const pid of pids) kill(pid, 'SIGKILL');
  }
}

/** Resident pages are quickly counted, and shared ones count for each process; so the kernel's exact sum decides, and is asked rarely. */
function isAbove(pids: readonly number[], limitBytes: number): boolean {
  if (sum(pids.map(residentBytes)) <= limitBytes) return false;
  return sum(pids.map((pid) => proportionalBytes(pid) ?? residentBytes(pid))) > limitBytes;
}

const { pageBytes } = kernelUnits();

function residentBytes(pid: number): number {
  return Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * pageBytes;
}

/** Of a page that several share, each has its part. Null if this process may not ask. */
function proportionalBytes(pid: number): number | null {
  const match = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`));
  return match === null ? null : Number(match[1]) * 1_024;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
