// task-spooler (`tsp`), with a queue of its own.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface TaskSpooler {
  add(command: readonly string[]): void;
  /** Returns when the newest job has ended; with one slot that is all of them. */
  wait(): void;
  stop(): void;
}

/** `variables`: more for the jobs' environment. */
export function taskSpooler(folder: string, variables: Readonly<Record<string, string>> = {}): TaskSpooler {
  const env = { ...process.env, ...variables, TS_SOCKET: join(folder, 'socket'), TMPDIR: folder };
  const tsp = (...args: readonly string[]) => execFileSync(binary(), args, { env, encoding: 'utf8' });
  tsp('-S', '1');
  return { add: (command) => void tsp('-n', ...command), wait: () => void tsp('-w'), stop: () => void tsp('-K') };
}

let found: string | undefined;

/** Installs Debian's package where it may. */
function binary(): string {
  if (found !== undefined) return found;
  if (!works('tsp') && process.getuid?.() === 0) {
    process.stderr.write('installing task-spooler\n');
    execFileSync(
      'sh',
      ['-c', 'apt-get install -y task-spooler || (apt-get update && apt-get install -y task-spooler)'],
      { stdio: 'ignore' },
    );
  }
  if (!works('tsp')) throw new Error('task-spooler is missing. Install it with: apt-get install task-spooler');
  found = 'tsp';
  return found;
}

function works(program: string): boolean {
  try {
    execFileSync(program, ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
