// Who was erased, as a folder of backups knows it, and what of them its older backups must not give back.
import { readFile, rm } from 'node:fs/promises';
import { type BackupSet, paths, type StateFile, syncPath } from './backup-set.ts';
import { join } from 'node:path';

const GRAVE = /^keys\/users\/(usr_[a-z0-9]{26})\.erased$/;
const SECRET = /^keys\/secrets\/(sec_[a-z0-9]{26})\//;

export interface ErasedPeople {
  /** The notes that lie beside the keys, of all backups. */
  readonly notes: readonly StateFile[];
  /** A file of a state folder that is theirs, and gone for good. */
  readonly isGone: (path: string) => boolean;
}

export async function erasedPeople(folder: string, sets: readonly BackupSet[]): Promise<ErasedPeople> {
  const notes = new Map(
    sets.flatMap(({ files }) => files.filter(({ path }) => GRAVE.test(path))).map((note) => [note.path, note]),
  );
  const keys = new Set<string>();
  const secretIds = new Set<string>();
  for (const { path, digest } of notes.values()) {
    keys.add(path.replace(/\.erased$/, '.key'));
    const text = await readFile(paths.file(folder, digest), 'utf8');
    for (const id of text.split('\n')) if (id !== '') secretIds.add(id);
  }
  return {
    notes: [...notes.values()],
    isGone: (path) => keys.has(path) || secretIds.has(SECRET.exec(path)?.[1] ?? ''),
  };
}

/** Takes what is theirs out of every backup of the folder: nobody opens with it what is in the log's older copies. */
export async function forgetErased(folder: string, sets: readonly BackupSet[]): Promise<void> {
  const { notes, isGone } = await erasedPeople(folder, sets);
  if (notes.length === 0) return;
  const digests = new Set(
    sets.flatMap(({ files }) => files.filter(({ path }) => isGone(path)).map((file) => file.digest)),
  );
  for (const digest of digests) await rm(paths.file(folder, digest), { force: true });
  await syncPath(join(folder, 'files'));
}
