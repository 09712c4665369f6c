// The files that an attempt and its container share: made before it starts, and read with care, since the job may replace any of them.
import { PlatformError } from '@baton/errors';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptKey } from '../../domain/journal.ts';
import type { StatePaths } from '../files/attempt-paths.ts';
import { runTool } from '../python/run-tool.ts';

const MAX_READ_BYTES = 4_096;
const TOOLS_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Of whom the container runs as: `uid:gid`. Only root can give folders away; anybody else's containers run as themselves. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
}

export async function makeShared(paths: StatePaths, key: AttemptKey, user: ContainerUser): Promise<void> {
  const { inside, signs, root, work, output, temporary } = paths.attempt(key);
  const outputs = [join(root, 'stdout'), join(root, 'stderr')];
  await rm(inside.root, { recursive: true, force: true });
  for (const folder of [inside.root, signs]) await mkdir(folder, { recursive: true });
  for (const file of outputs) await writeFile(file, '', { flag: 'a' });
  await tool(['mkfifo', '-m', '600', inside.go]);
  if (process.getuid?.() !== 0) return;
  for (const file of outputs) await chown(file, user.uid, user.gid);
  const folders = [inside.root, signs, work, output, temporary, paths.checkpoints(key.jobId)];
  await tool(['chown', '-R', '-h', '-P', `${user.uid}:${user.gid}`, ...folders]);
}

async function tool(command: readonly string[]): Promise<void> {
  const { code, output } = await runTool(command, TOOLS_PATH);
  if (code !== 0) throw new PlatformError('unavailable', `The container's folders could not be made: ${output.trim()}`);
}

/** Of a regular file at that very place; '' for anything else. A link that a job put there leads nowhere. */
export function readInside(path: string): string {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return '';
  }
  try {
    if (!fstatSync(file).isFile()) return '';
    const bytes = Buffer.alloc(MAX_READ_BYTES);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, MAX_READ_BYTES, 0));
  } finally {
    closeSync(file);
  }
}
