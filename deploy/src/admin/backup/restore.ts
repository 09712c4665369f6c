// Makes a state folder from a backup. One that is interrupted is repeated; until it is whole, nothing starts on it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PlatformError } from '@baton/errors';
import {
  importLog,
  LOG_STREAMS,
  marksOf,
  openArchive,
  readHeads,
  readPublicKey,
  type RestoredBackup,
  sameMark,
} from '@baton/log-archive';
import { RESTORED_AT, RESTORING } from '../../embedded/home.ts';
import { lockFolder } from '../../embedded/lock.ts';
import { natsBinary } from '../nats-binary.ts';
import { startPrivateServer } from '../private-server.ts';
import { allReducers as reducers } from '../reducers.ts';
import {
  type BackupSet,
  digestOf,
  paths,
  readBlobList,
  readSets,
  summaryOf,
  syncPath,
  writeDurably,
} from './backup-set.ts';
import { copyBlob } from './blob-copies.ts';
import { erasedPeople } from './erased-people.ts';

type Settings = Readonly<Record<string, string | undefined>>;

export interface RestoreRequest {
  readonly folder: string;
  readonly home: string;
  /** The newest if absent. */
  readonly id?: string;
}

export async function restoreBackup(request: RestoreRequest, settings: Settings): Promise<RestoredBackup> {
  const { folder } = request;
  const home = resolve(request.home);
  const set = await chosen(request);
  mustBeFree(home, set.id);
  await mkdir(join(home, 'run'), { recursive: true, mode: 0o700 });
  const release = lockFolder(join(home, 'run'));
  try {
    await writeDurably(join(home, RESTORING), Buffer.from(`${set.id}\n`));
    await restoreFiles(folder, home, set);
    const missingBlobs = await restoreBlobs(folder, home, set.id);
    await restoreLog(folder, home, set, settings);
    // Agents take no desired set that is older than one they had: a restored log's count on from this time.
    await writeDurably(join(home, 'secrets', RESTORED_AT), Buffer.from(`${Date.now()}\n`));
    await rm(join(home, RESTORING));
    await syncPath(home);
    return { ...summaryOf(set), home, missingBlobs };
  } finally {
    release();
  }
}

async function chosen({ folder, id }: RestoreRequest): Promise<BackupSet> {
  const sets = await readSets(folder);
  const set = id === undefined ? sets.at(-1) : sets.find((each) => each.id === id);
  if (set !== undefined) return set;
  const what = id === undefined ? 'a backup' : `a backup ${id}`;
  throw new PlatformError('not_found', `${folder} does not hold ${what}. \`baton backup list\` names what is there.`);
}

/** What may stay of an earlier installation on this machine: its agent's folder, where jobs may still be running. */
const MAY_STAY = new Set(['agent', 'cache', 'logs', 'run']);

/** Nothing that is there is written over. */
function mustBeFree(home: string, id: string): void {
  const isOwn = existsSync(join(home, RESTORING)) && readFileSync(join(home, RESTORING), 'utf8').trim() === id;
  const names = existsSync(home) ? readdirSync(home) : [];
  if (isOwn || names.every((name) => MAY_STAY.has(name))) return;
  throw new PlatformError(
    'conflict',
    `${home} is not empty. Restore into a folder that is empty or not there yet; of an earlier installation only agent/ may stay.`,
  );
}

/** Whoever was erased since is not brought back: without their key, and with the note by which the platform erases them again. */
async function restoreFiles(folder: string, home: string, { files }: BackupSet): Promise<void> {
  const { notes, isGone } = await erasedPeople(folder, await readSets(folder));
  const noted = new Set(notes.map(({ path }) => path));
  const wanted = [...files.filter(({ path }) => !isGone(path) && !noted.has(path)), ...notes];
  for (const { path, digest } of wanted) {
    const content = await readFile(paths.file(folder, digest));
    if (digestOf(content) !== digest)
      throw new PlatformError(
        'conflict',
        `${paths.file(folder, digest)} (${path}) is damaged. Restore another backup.`,
      );
    await placeFile(join(home, path), content);
  }
}

/** The agent that has stayed must be the one that the backup knows. */
async function placeFile(path: string, content: Buffer): Promise<void> {
  const there = await readFile(path).catch(() => null);
  if (there === null) return writeDurably(path, content);
  if (!there.equals(content))
    throw new PlatformError('conflict', `${path} is another one than in the backup. Move its folder away first.`);
}

/** Those that could not be had. */
async function restoreBlobs(folder: string, home: string, id: string): Promise<string[]> {
  const missing: string[] = [];
  for (const { digest } of await readBlobList(folder, id)) {
    const to = join(home, 'blobs', digest.slice(0, 2), digest.slice(2, 4), digest);
    const copied = await copyBlob(paths.blob(folder, digest), to, digest);
    if (copied === 'damaged' || copied === 'gone') missing.push(digest);
  }
  return missing;
}

async function restoreLog(folder: string, home: string, set: BackupSet, settings: Settings): Promise<void> {
  const archive = await openArchive(set.segments.map((name) => paths.segment(folder, name)));
  if (!LOG_STREAMS.every((stream) => sameMark(archive.marks[stream], set.marks[stream])))
    throw new PlatformError('conflict', `The log in ${folder} is not the one that ${set.id} names.`);
  const { heads } = await readHeads(join(home, 'seals', 'heads.ndjson'));
  const seals = { heads, publicKey: readPublicKey(join(home, 'secrets', 'seal-key')) };
  const store = join(home, 'nats');
  await mkdir(store, { recursive: true, mode: 0o700 });
  const server = await startPrivateServer(natsBinary(settings), store);
  try {
    const { streams } = await importLog(server.connection, archive, { reducers, seals });
    if (!LOG_STREAMS.every((stream) => sameMark(marksOf(streams)[stream], set.marks[stream])))
      throw new PlatformError('conflict', 'What was restored is not what the backup holds.');
  } finally {
    await server.close();
  }
  await syncAll(store);
}

/** Its server did not wait for the disk at each commit. */
async function syncAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await syncPath(join(entry.parentPath, entry.name));
  }
  await syncPath(folder);
  await syncPath(dirname(folder));
}
