// Fetches the files of a manifest into a folder: each checked by its SHA-256, what is there already is left alone.
import { mkdir, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { ManifestFile } from '@baton/contracts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { ProgressBar } from '../output/progress-bar.ts';
import { fetchFile, type OpenFile } from './fetch-file.ts';

export interface Download {
  readonly files: readonly ManifestFile[];
  /** Where they go. */
  readonly folder: string;
  readonly open: OpenFile;
  readonly signal: AbortSignal;
}
export interface Downloaded {
  readonly folder: string;
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** Files that were there already, byte for byte. */
  readonly unchangedCount: number;
}

const PARALLEL = 4;

export async function downloadFiles(download: Download): Promise<Downloaded> {
  const { files, folder } = download;
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const bar = new ProgressBar('download');
  let done = 0;
  let unchangedCount = 0;
  const queue = [...files];
  const advance = (bytes: number) => bar.update((done += bytes), sizeBytes);
  const work = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      if (await fetchOne(download, file, advance)) unchangedCount += 1;
    }
  };
  try {
    await mkdir(folder, { recursive: true });
    await Promise.all(Array.from({ length: PARALLEL }, work));
  } catch (error) {
    queue.length = 0;
    if (download.signal.aborted)
      throw new Failure(EXIT.interrupted, 'Interrupted. Run the same command again: it goes on where it was.');
    throw error;
  } finally {
    bar.clear();
  }
  return { folder, fileCount: files.length, sizeBytes, unchangedCount };
}

/** True if it was there already. */
async function fetchOne(download: Download, file: ManifestFile, advance: (bytes: number) => void): Promise<boolean> {
  const { folder, open, signal } = download;
  const target = targetOf(folder, file.path);
  if (await isThere(target, file)) {
    advance(file.sizeBytes);
    return true;
  }
  await fetchFile({ file, target, open, signal, advance });
  return false;
}

/** Throws if the path would leave the folder: manifests come from a server. */
export function targetOf(folder: string, path: string): string {
  const root = resolve(folder);
  const target = resolve(join(root, path));
  if (!target.startsWith(root + sep) || path.includes('\0'))
    throw new Failure(EXIT.failed, `The platform names a file outside the folder: ${path}`);
  return target;
}

async function isThere(target: string, file: ManifestFile): Promise<boolean> {
  const found = await stat(target).catch(() => null);
  if (!found?.isFile() || found.size !== file.sizeBytes) return false;
  const { sha256OfFile } = await import('@baton/sdk');
  return (await sha256OfFile(target)) === file.digest;
}
