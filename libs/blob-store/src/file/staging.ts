// Where content is written before it has its name. What a crash leaves here is swept later.
import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Staged {
  readonly path: string;
  readonly handle: FileHandle;
}

const STALE_MS = 24 * 60 * 60 * 1000;
const ASIDE = /^removed-([0-9a-f]{64})$/;

export async function stage(folder: string): Promise<Staged> {
  const path = join(folder, randomUUID());
  return { path, handle: await open(path, 'wx', 0o600) };
}

/** Removes files that nobody has written to for a day. */
export async function sweep(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (ASIDE.test(name)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && now - found.mtimeMs > STALE_MS) await rm(path, { force: true });
  }
}

/** Where content lies while it is being removed. */
export function asidePath(folder: string, digest: string): string {
  return join(folder, `removed-${digest}`);
}

/** A removal that a crash has cut short may have been about to be taken back: it has not happened. */
export async function putBack(folder: string, pathOf: (digest: string) => string): Promise<void> {
  for (const name of await readdir(folder)) {
    const digest = ASIDE.exec(name)?.[1];
    if (digest === undefined) continue;
    await link(join(folder, name), pathOf(digest)).catch(() => {});
    await rm(join(folder, name), { force: true });
  }
}
