// Brings a folder to the disk, with all that is in it.
import { syncFolder } from '@baton/blob-store';
import { chown, type FileHandle, readdir } from 'node:fs/promises';
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
