// Fetches the files of a manifest into a folder: each checked by its SHA-256, what is there already is left alone.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { ManifestFile } from '@baton/contracts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { ProgressBar } from '../output/progress-bar.ts';

export interface Download {
  readonly files: readonly ManifestFile[];
  /** Where they go. */
  readonly folder: string;
  readonly open: (path: string, signal: AbortSignal) => Promise<Response>;
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
      if (await fetchFile(download, file, advance)) unchangedCount += 1;
    }
  };
  try {
    await mkdir(folder, { recursive: true });
    await Promise.all(Array.from({ length: PARALLEL }, work));
  } catch (error) {
    queue.length = 0;
    if (download.signal.aborted)
      throw new Failure(
        EXIT.interrupted,
        'Interrupted. Run the same command again: what is there is not fetched twice.',
      );
    throw error;
  } finally {
    bar.clear();
  }
  return { folder, fileCount: files.length, sizeBytes, unchangedCount };
}

/** True if it was there already. */
async function fetchFile(download: Download, file: ManifestFile, advance: (bytes: number) => void): Promise<boolean> {
  const target = targetOf(download.folder, file.path);
  if (await isThere(target, file)) {
    advance(file.sizeBytes);
    return true;
  }
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part-${process.pid}`;
  try {
    await fetchTo(part, download, file, advance);
    if (file.executable) await chmod(part, 0o755);
    await rename(part, target);
  } finally {
    await rm(part, { force: true });
  }
  return false;
}

async function fetchTo(
  part: string,
  { open, signal }: Download,
  file: ManifestFile,
  advance: (bytes: number) => void,
): Promise<void> {
  const response = await open(file.path, signal);
  const hash = createHash('sha256');
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      advance(chunk.length);
      done(null, chunk);
    },
  });
  const body = response.body ? Readable.fromWeb(response.body as ReadableStream) : Readable.from([]);
  await pipeline(body, watch, createWriteStream(part), { signal });
  if (hash.digest('hex') !== file.digest) {
    throw new Failure(EXIT.failed, `${file.path} came with other bytes than its SHA-256 says. Try again.`);
  }
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
