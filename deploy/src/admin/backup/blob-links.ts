// Other names of a blob's file: where both lie on one file system, the agent's cache consists of hard links to the store.
import { chmod, link, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Names below `folder` of the very file that `path` names. */
export async function linksOf(path: string, folder: string): Promise<string[]> {
  const { dev, ino, nlink } = await stat(path);
  if (nlink === 1) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const links: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const name = join(entry.parentPath, entry.name);
    const found = await stat(name).catch(() => null);
    if (found?.ino === ino && found.dev === dev) links.push(name);
  }
  return links;
}

/** From now on the name means the file at `path`, at once; who has opened the one before reads on in that. */
export async function relink(path: string, name: string): Promise<void> {
  const folder = dirname(name);
  const { mode } = await stat(folder);
  // A tree of the cache is closed to its owner, too.
  await chmod(folder, mode | 0o200);
  try {
    await rm(`${name}.new`, { force: true });
    await link(path, `${name}.new`);
    await rename(`${name}.new`, name);
  } finally {
    await chmod(folder, mode);
  }
}
