// The processes that belong to a folder: started with it in their arguments or environment, or standing in it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface FolderProcess {
  readonly pid: number;
  readonly command: string;
}

/** Every living process that names the folder, other than this one. Finds a platform's parts, its agents' jobs and their children. */
export function processesOf(folder: string): FolderProcess[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.flatMap((pid) => {
    if (pid === process.pid || !namesFolder(pid, folder) || !isAlive(pid)) return [];
    return [{ pid, command: read(pid, 'cmdline').replaceAll('\0', ' ').trim() }];
  });
}

/** SIGKILL to all of them; resolves when none is left, with how many there were. */
export async function killProcessesOf(folder: string): Promise<number> {
  const killed = new Set<number>();
  for (let found = processesOf(folder); found.length > 0; found = processesOf(folder)) {
    for (const { pid } of found) killNow(pid);
    for (const { pid } of found) killed.add(pid);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return killed.size;
}

export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just gone.
  }
}

/** A zombie does not count. */
export function isAlive(pid: number): boolean {
  const stat = read(pid, 'stat');
  return stat !== '' && !/^\d+ \(.*\) Z/s.test(stat);
}

function namesFolder(pid: number, folder: string): boolean {
  return read(pid, 'cmdline').includes(folder) || read(pid, 'environ').includes(folder) || standsIn(pid, folder);
}

function standsIn(pid: number, folder: string): boolean {
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
  } catch {
    return false;
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has just gone, or is somebody else's.
  }
}
