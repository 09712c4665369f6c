// What the agent puts beside and into jobs: supervisor, waiter, `baton-take`, `baton.py`. It uses a copy of its own: an update replaces those
// of the installation while the agent runs, and the next version's go with the next version's words.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { syncTree } from './sync-tree.ts';

// By the package's name, so that they are found from src/, from dist/ and out of a bundle.
const INSTALLED = dirname(createRequire(import.meta.url).resolve('@baton/executor/assets/supervisor.sh'));
const HASH_CHARS = 16;
/** Python writes there what it has compiled. */
const COMPILED = '__pycache__';

export interface Tools {
  readonly folder: string;
  readonly supervisor: string;
  readonly waiter: string;
  /** The supervisor's part inside a container. */
  readonly container: string;
  /** The folder of `baton-take`, for PATH. */
  readonly bin: string;
  /** The folder of `baton.py`, for PYTHONPATH. */
  readonly python: string;
}

/** A copy of the installed ones in a folder of its own `below`, which everybody may read. One that is there stays: jobs use it. */
export async function copyTools(below: string): Promise<Tools> {
  const files = await readTools();
  const hash = createHash('sha256');
  for (const [path, content] of files) hash.update(`${path}\0`).update(content);
  const folder = join(below, hash.digest('hex').slice(0, HASH_CHARS));
  if (existsSync(folder)) return toolsIn(folder);
  const aside = `${folder}.new`;
  await rm(aside, { recursive: true, force: true });
  await makeFolder(below);
  await makeFolder(aside);
  for (const [path, content] of files) {
    const to = join(aside, path);
    await makeFolder(dirname(to));
    await writeFile(to, content);
    await chmod(to, 0o755);
  }
  await syncTree(aside);
  await rename(aside, folder);
  return toolsIn(folder);
}

async function readTools(): Promise<readonly (readonly [path: string, content: Buffer])[]> {
  const entries = await readdir(INSTALLED, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.endsWith(COMPILED));
  const paths = files.map(({ parentPath, name }) => relative(INSTALLED, join(parentPath, name))).toSorted();
  return Promise.all(paths.map(async (path) => [path, await readFile(join(INSTALLED, path))] as const));
}

/** However narrow the agent's own mask is. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
}

function toolsIn(folder: string): Tools {
  return {
    folder,
    supervisor: join(folder, 'supervisor.sh'),
    waiter: join(folder, 'waiter.sh'),
    container: join(folder, 'container.sh'),
    bin: join(folder, 'bin'),
    python: join(folder, 'python'),
  };
}
