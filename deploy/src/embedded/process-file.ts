// Files that say which process runs as what, so that the next launcher finds what a killed one left behind.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface ProcessMark {
  readonly pid: number;
  /** Clock ticks since boot at its start: tells a process from a later one with the same pid. */
  readonly startTicks: string;
}

export function recordProcess(folder: string, name: string, pid: number): void {
  const startTicks = startTicksOf(pid);
  if (startTicks !== null)
    writeFileSync(join(folder, `${name}.pid`), JSON.stringify({ pid, startTicks } satisfies ProcessMark));
}

export function forgetProcess(folder: string, name: string): void {
  rmSync(join(folder, `${name}.pid`), { force: true });
}

/** Ends what an earlier launcher started and did not live to stop. Gives the names of what was found. */
export async function endLeftovers(folder: string, timeoutMs = 5_000): Promise<string[]> {
  const found = readdirSync(folder).filter((file) => file.endsWith('.pid'));
  const names = await Promise.all(found.map((file) => endOne(join(folder, file), timeoutMs)));
  return found.filter((_, index) => names[index]).map((file) => file.slice(0, -'.pid'.length));
}

async function endOne(path: string, timeoutMs: number): Promise<boolean> {
  const mark = readMark(path);
  const wasAlive = mark !== null && isAlive(mark);
  if (mark && wasAlive) {
    signal(mark.pid, 'SIGTERM');
    const deadline = performance.now() + timeoutMs;
    while (isAlive(mark) && performance.now() < deadline) await sleep(50);
    while (isAlive(mark)) {
      signal(mark.pid, 'SIGKILL');
      await sleep(50);
    }
  }
  rmSync(path, { force: true });
  return wasAlive;
}

function readMark(path: string): ProcessMark | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessMark;
  } catch {
    return null; // Torn by a crash: whatever it named is not known any more.
  }
}

function isAlive(mark: ProcessMark): boolean {
  return startTicksOf(mark.pid) === mark.startTicks;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just gone.
  }
}

/** Field 22 of /proc/<pid>/stat; null if there is no such process or it is a zombie. */
function startTicksOf(pid: number): string | null {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return null;
  try {
    const text = readFileSync(path, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
