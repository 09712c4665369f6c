// File systems of a test's own, small enough to be filled.
import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Unmounted when the test is over; false where mounting is not allowed. */
export function mounted(path: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return false;
  }
  onTestFinished(() => void execFileSync('umount', ['-l', path]));
  return true;
}

/** Leaves so many bytes free. Gives the file that has the others. */
export function fill(folder: string, freeBytes = 0): string {
  const path = join(folder, 'filler');
  const { bavail, bsize } = statfsSync(folder);
  const limit = freeBytes === 0 ? '' : `| head -c ${bavail * bsize - freeBytes}`;
  execFileSync('/bin/sh', ['-c', `cat /dev/zero 2>/dev/null ${limit} > "$0" || true`, path], { stdio: 'ignore' });
  return path;
}
