// Adds a backup to a folder of backups, while the platform runs or while it does not.
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@baton/errors';
import { hashOf, storedStream } from '@baton/event-store';
import {
  appendHeads,
  type ByStream,
  type CreatedBackup,
  EMPTY_MARKS,
  linesOf,
  LOG_STREAMS,
  logOn,
  marksOf,
  openSealKey,
  readHeads,
  sameMark,
  sealHead,
  type SealedHead,
  type StreamMark,
  writeArchive,
} from '@baton/log-archive';
import { installationIdOf } from '@baton/service-host/without-nest';
import type { NatsConnection } from '@nats-io/transport-node';
import { lockFolder } from '../../embedded/lock.ts';
import { existingHome, openLogOf } from '../open-log.ts';
import { allReducers as reducers } from '../reducers.ts';
import {
  type BackupSet,
  digestOf,
  type ListedBlob,
  paths,
  readSets,
  summaryOf,
  writeDurably,
  writeSet,
} from './backup-set.ts';
import { blobsIn, copyBlob } from './blob-copies.ts';
import { forgetErased } from './erased-people.ts';
import { readStateFiles, type StateFiles } from './state-files.ts';

type Settings = Readonly<Record<string, string | undefined>>;

export async function createBackup(homeFolder: string, folder: string, settings: Settings): Promise<CreatedBackup> {
  const home = existingHome(homeFolder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const release = lockBackups(folder);
  try {
    const log = await openLogOf(home, settings);
    try {
      return await create(home, folder, log.connection);
    } finally {
      await log.close();
    }
  } finally {
    release();
  }
}

/**
 * Everything that an event names is on disk before the event. So the log is cut first and what it names is copied after; and keys
 * are copied before the cut as well, since those that are thrown away meanwhile are named by the log up to the cut.
 */
async function create(home: string, folder: string, connection: NatsConnection): Promise<CreatedBackup> {
  const before = (await readSets(folder)).at(-1);
  const installationId = installationIdOf((await readFile(join(home, 'secrets/installation'), 'utf8')).trim());
  await mustContinue(before, installationId, connection, folder);
  const earlier = await readStateFiles(home);
  const at = Date.now();
  const id = new Date(at).toISOString().replaceAll(/[-:]/g, '');
  const { marks, segments } = await addSegment(folder, before, id, connection);
  const heads = await seal(home, marks, at);
  const files = new Map([
    ...earlier,
    ...(await readStateFiles(home)),
    ['seals/heads.ndjson', Buffer.from(linesOf(heads))] as const,
  ]);
  const { blobs, ...news } = await copyBlobs(home, folder);
  const set: BackupSet = {
    format: 'baton-backup',
    v: 1,
    id,
    at,
    installationId,
    marks,
    segments,
    files: await storeFiles(folder, files),
    blobs: blobs.length,
    blobBytes: blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
  await writeSet(folder, set, blobs);
  await forgetErased(folder, await readSets(folder));
  const commits = summaryOf(set).commits - (before === undefined ? 0 : summaryOf(before).commits);
  return { ...summaryOf(set), newCommits: commits, ...news };
}

function lockBackups(folder: string): () => void {
  try {
    return lockFolder(folder);
  } catch (cause) {
    throw new PlatformError('conflict', `Another backup to ${folder} is under way.`, { cause });
  }
}

/** A folder of backups is of one installation, and of one history of it. */
async function mustContinue(
  before: BackupSet | undefined,
  installationId: string,
  connection: NatsConnection,
  folder: string,
): Promise<void> {
  if (before === undefined) return;
  if (before.installationId !== installationId)
    throw new PlatformError('conflict', `${folder} holds backups of another installation. Name another folder.`);
  for (const stream of LOG_STREAMS) {
    const { position, lastHash } = before.marks[stream];
    const message = position === 0 ? null : await storedStream(connection, stream).messageAt(position);
    if (position === 0 || (message !== null && hashOf(message.bytes) === lastHash)) continue;
    throw new PlatformError(
      'conflict',
      `The log is not the one that ${before.id} was made of: at position ${position} of ${stream} it was cut or rewritten, or an older backup was restored. Name another folder.`,
    );
  }
}

async function addSegment(
  folder: string,
  before: BackupSet | undefined,
  id: string,
  connection: NatsConnection,
): Promise<Pick<BackupSet, 'marks' | 'segments'>> {
  const after = before?.marks ?? EMPTY_MARKS;
  const content = await logOn(connection, after);
  const segments = before?.segments ?? [];
  if (before !== undefined && LOG_STREAMS.every((stream) => content.ends[stream] === after[stream].position))
    return { marks: after, segments };
  const name = `${id}.ndjson.zst`;
  await mkdir(join(folder, 'log'), { recursive: true, mode: 0o700 });
  const report = await writeArchive(paths.segment(folder, name), content, { reducers, now: Date.now });
  return { marks: marksOf(report.streams), segments: [...segments, name] };
}

/** The heads that vouch for what the backup holds, the new ones among them. */
async function seal(home: string, marks: ByStream<StreamMark>, at: number): Promise<SealedHead[]> {
  await mkdir(join(home, 'seals'), { recursive: true, mode: 0o700 });
  const file = join(home, 'seals', 'heads.ndjson');
  const key = openSealKey(join(home, 'secrets', 'seal-key'));
  const { heads } = await readHeads(file);
  const isSealed = (stream: SealedHead['stream']) =>
    heads.some((head) => head.stream === stream && sameMark(head, marks[stream]));
  const missing = LOG_STREAMS.filter((stream) => marks[stream].position > 0 && !isSealed(stream));
  const made = missing.map((stream) => sealHead(stream, marks[stream], at, key));
  await appendHeads(file, made, at);
  return [...heads, ...made].filter((head) => head.position <= marks[head.stream].position);
}

async function storeFiles(folder: string, files: StateFiles): Promise<BackupSet['files']> {
  const stored: BackupSet['files'][number][] = [];
  for (const [path, content] of files) {
    const digest = digestOf(content);
    if (!existsSync(paths.file(folder, digest))) await writeDurably(paths.file(folder, digest), content);
    stored.push({ path, digest });
  }
  return stored;
}

async function copyBlobs(home: string, folder: string) {
  const blobs: ListedBlob[] = [];
  const damagedBlobs: string[] = [];
  let [newBlobs, newBlobBytes] = [0, 0];
  for await (const { digest, sizeBytes, path } of blobsIn(join(home, 'blobs'))) {
    const copied = await copyBlob(path, paths.blob(folder, digest), digest);
    // Retention has removed it since the folder was read.
    if (copied === 'gone') continue;
    if (copied === 'damaged') damagedBlobs.push(digest);
    else blobs.push({ digest, sizeBytes });
    if (copied !== 'copied') continue;
    newBlobs += 1;
    newBlobBytes += sizeBytes;
  }
  return { blobs, newBlobs, newBlobBytes, damagedBlobs };
}
