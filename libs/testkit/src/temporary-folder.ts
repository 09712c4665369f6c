// A folder that a test may fill and that is gone afterwards.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killProcessesOf } from './folder-processes.ts';

export interface TemporaryFolder {
  readonly path: string;
  /** Removes the folder, all that is in it, and every process that was started in it; mounts are undone first. */
  cleanup(): Promise<void>;
}

export async function temporaryFolder(prefix = 'baton-'): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return {
    path,
    async cleanup() {
      await killProcessesOf(path);
      unmountBelow(path);
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Before anything is removed: through a mount that is still there, what it shows would be removed instead. */
function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.toReversed()) execFileSync('umount', ['--lazy', point]);
}
