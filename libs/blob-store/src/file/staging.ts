// Where content is written before it has its name. What a crash leaves here is swept later.
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Staged {
  readonly path: string;
  readonly handle: FileHandle;
}

const STALE_MS = 24 * 60 * 60 * 1000;

export async function stage(folder: string): Promise<Staged> {
  const path = join(folder, randomUUID());
  return { path, handle: await open(path, 'wx', 0o600) };
}

/** Removes files that nobody has written to for a day. */
export async function sweep(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && now - found.mtimeMs > STALE_MS) await rm(path, { force: true });
  }
}
