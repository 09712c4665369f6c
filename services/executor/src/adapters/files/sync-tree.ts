// Brings to the disk what a job has left: a file, or a folder with all that is in it.
import { syncFolder } from '@baton/blob-store';
import { constants } from 'node:fs';
import { chown, type FileHandle, open, readdir } from 'node:fs/promises';
import { walkTree } from './tree-walk.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Files first, then their folders. `owner`: all of it is theirs then. Nothing is done where there is no such folder. */
export async function syncTree(folder: string, owner?: Owner): Promise<void> {
  const file = async (_path: string, handle: FileHandle) => {
    if (owner) await handle.chown(owner.uid, owner.gid);
    await handle.sync();
  };
  if (!(await walkTree(folder, { file, link: () => {}, odd: () => {} }))) return;
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => `${entry.parentPath}/${entry.name}`);
  for (const path of [...folders, folder]) {
    if (owner) await chown(path, owner.uid, owner.gid);
    await syncFolder(path);
  }
}

const UNDISTURBED = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** It is gone, a link, or a pipe that nobody reads: no file of ours. */
const NO_FILE = new Set<unknown>(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO']);

/** What a job has put in its place is not waited for. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, UNDISTURBED).catch((error: NodeJS.ErrnoException) => {
    if (NO_FILE.has(error.code)) return null;
    throw error;
  });
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}
