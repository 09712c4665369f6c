// The files that an attempt and its container share: made before it starts, and read with care, since the job may replace any of them.
import { PlatformError } from '@baton/errors';
import { createHash } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { AttemptKey } from '../../domain/journal.ts';
import type { StatePaths } from '../files/attempt-paths.ts';
import { runTool } from '../python/run-tool.ts';

const MAX_READ_BYTES = 4_096;
const HASH_CHARS = 16;
const TOOLS_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Of whom the container runs as: `uid:gid`. Only root can give folders away; anybody else's containers run as themselves. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
}

/** A copy that everybody may read, however strictly the agent's own files are kept; gives its folder. One that is in use stays as it is. */
export async function copyTools(from: string, below: string): Promise<string> {
  const files = (await readdir(from, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => relative(from, join(parentPath, name))).toSorted();
  const contents = await Promise.all(paths.map((path) => readFile(join(from, path))));
  const hash = createHash('sha256');
  for (const [index, path] of paths.entries()) hash.update(`${path}\0`).update(contents[index] ?? '');
  const folder = join(below, hash.digest('hex').slice(0, HASH_CHARS));
  if (existsSync(folder)) return folder;
  const aside = `${folder}.new`;
  await rm(aside, { recursive: true, force: true });
  await cp(from, aside, { recursive: true });
  await openToAll(aside);
  await rename(aside, folder);
  return folder;
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else await chmod(path, 0o755);
  }
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
