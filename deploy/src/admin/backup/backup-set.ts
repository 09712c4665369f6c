// One backup in a folder of backups: what it consists of. Content is shared by all of them, each by its SHA-256.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { PlatformError } from '@baton/errors';
import type { BackupSummary, ByStream, StreamMark } from '@baton/log-archive';

export interface StateFile {
  /** In the state folder. */
  readonly path: string;
  readonly digest: string;
}

export interface BackupSet {
  readonly format: 'baton-backup';
  readonly v: 1;
  readonly id: string;
  readonly at: number;
  readonly installationId: string;
  readonly marks: ByStream<StreamMark>;
  /** Exports that follow each other, in `log/`. */
  readonly segments: readonly string[];
  readonly files: readonly StateFile[];
  readonly blobs: number;
  readonly blobBytes: number;
}

export interface ListedBlob {
  readonly digest: string;
  readonly sizeBytes: number;
}

export const paths = {
  segment: (folder: string, name: string) => join(folder, 'log', name),
  file: (folder: string, digest: string) => join(folder, 'files', digest),
  blob: (folder: string, digest: string) => join(folder, 'blobs', digest.slice(0, 2), digest),
  set: (folder: string, id: string) => join(folder, 'sets', `${id}.json`),
  blobList: (folder: string, id: string) => join(folder, 'sets', `${id}.blobs.zst`),
};

/** Oldest first; none where there is no folder yet. */
export async function readSets(folder: string): Promise<BackupSet[]> {
  const names = await readdir(join(folder, 'sets')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  return Promise.all(ids.toSorted().map((id) => readSet(folder, id)));
}

async function readSet(folder: string, id: string): Promise<BackupSet> {
  const path = paths.set(folder, id);
  const set = JSON.parse(await readFile(path, 'utf8')) as BackupSet;
  if (set.format === 'baton-backup' && set.v === 1) return set;
  throw new PlatformError('invalid_input', `${path} was written by another version of Baton.`);
}

/** The set is the last that is written: without it what came before is of no backup. */
export async function writeSet(folder: string, set: BackupSet, blobs: readonly ListedBlob[]): Promise<void> {
  const list = blobs.map(({ digest, sizeBytes }) => `${digest} ${sizeBytes}\n`).join('');
  await writeDurably(paths.blobList(folder, set.id), zstdCompressSync(Buffer.from(list)));
  await writeDurably(paths.set(folder, set.id), Buffer.from(`${JSON.stringify(set, null, 2)}\n`));
}

export async function readBlobList(folder: string, id: string): Promise<ListedBlob[]> {
  const text = zstdDecompressSync(await readFile(paths.blobList(folder, id))).toString('utf8');
  return text.split('\n').flatMap((line) => {
    const [digest = '', size] = line.split(' ');
    return digest === '' ? [] : [{ digest, sizeBytes: Number(size) }];
  });
}

export function summaryOf(set: BackupSet): BackupSummary {
  const { id, at, installationId, marks, blobs, blobBytes } = set;
  return { id, at, installationId, commits: marks.JOBS.position + marks.EVENTS.position, blobs, blobBytes };
}

export function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Whole or not at all, mode 0600, on disk when it resolves. */
export async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(`${path}.new`, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
  await syncPath(dirname(path));
}

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
