// A folder as a tar.gz file: the same content gives the same bytes, so that equal code is stored once.
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';

/** What no job needs: version control, caches, installed packages. */
const IGNORED = new Set([
  '.git',
  '.hg',
  '.svn',
  '__pycache__',
  '.venv',
  'venv',
  'node_modules',
  '.ipynb_checkpoints',
  '.DS_Store',
  '.baton',
]);

export interface PackedFolder {
  /** A tar.gz file in a temporary folder. */
  readonly path: string;
  readonly fileCount: number;
  remove(): Promise<void>;
}

export interface PackOptions {
  /** Takes also what no job needs, as for a dataset. */
  readonly everything?: boolean;
}

/** Packs the regular files below `folder`; links and special files are left out. Throws if there is no file. */
export async function packFolder(folder: string, options: PackOptions = {}): Promise<PackedFolder> {
  const files = await filesBelow(folder, '', options.everything ? new Set() : IGNORED);
  if (files.length === 0) throw new Error(`There are no files in ${folder}.`);
  const temporary = await mkdtemp(join(tmpdir(), 'baton-pack-'));
  const path = join(temporary, `${basename(resolve(folder)) || 'code'}.tar.gz`);
  const tar = pack();
  await Promise.all([addAll(tar, folder, files), pipeline(tar, createGzip(), createWriteStream(path))]);
  return { path, fileCount: files.length, remove: () => rm(temporary, { recursive: true, force: true }) };
}

async function filesBelow(folder: string, inside: string, ignored: ReadonlySet<string>): Promise<string[]> {
  const entries = await readdir(join(folder, inside), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (ignored.has(entry.name)) continue;
    const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, path, ignored)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

async function addAll(tar: Pack, folder: string, files: readonly string[]): Promise<void> {
  for (const name of files) {
    const { size, mode } = await lstat(join(folder, name));
    const entry = tar.entry({ name, size, mode: mode & 0o100 ? 0o755 : 0o644, mtime: new Date(0) });
    await pipeline(createReadStream(join(folder, name)), entry);
  }
  tar.finalize();
}
