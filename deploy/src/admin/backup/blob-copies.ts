// Blobs from one folder to another, each compared with its name on the way; what is there already is not copied again.
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ListedBlob, syncPath } from './backup-set.ts';

const DIGEST = /^[0-9a-f]{64}$/;
const READ_ONLY = 0o444;

/** All blobs below a folder, wherever in it. */
export async function* blobsIn(folder: string): AsyncGenerator<ListedBlob & { readonly path: string }> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'staging') yield* blobsIn(path);
    if (!entry.isFile() || !DIGEST.test(entry.name)) continue;
    const found = await stat(path).catch(() => null);
    if (found !== null) yield { digest: entry.name, sizeBytes: found.size, path };
  }
}

/** `there`: it was there before. `damaged`: its content is not what its name says. `gone`: it is not there; nothing was copied then. */
export type Copied = 'there' | 'copied' | 'damaged' | 'gone';

/** A reflink where the file system can, else a copy; on disk when it resolves. */
export async function copyBlob(from: string, to: string, digest: string): Promise<Copied> {
  if ((await stat(to).catch(() => null)) !== null) return 'there';
  return writeBlob(from, to, digest);
}

/** The same, in place of what is there. */
export async function writeBlob(from: string, to: string, digest: string): Promise<Exclude<Copied, 'there'>> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const staged = `${to}.new`;
  await rm(staged, { force: true });
  try {
    await copyFile(from, staged, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
  if ((await digestOfFile(staged)) !== digest) {
    await rm(staged);
    return 'damaged';
  }
  await chmod(staged, READ_ONLY);
  await syncPath(staged);
  await rename(staged, to);
  await syncPath(dirname(to));
  return 'copied';
}

export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
