// Sends files and folders; an upload that was cut goes on where the platform has it, even from another process.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { EXIT } from '../exit-codes.ts';
import { Failure, usage } from '../failure.ts';
import { ProgressBar } from '../output/progress-bar.ts';
import { stateFolder } from '../session.ts';

export interface SentContent {
  readonly uploadId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Forgets how far the upload was: call it when a version holds the content. */
  forget(): Promise<void>;
}

export interface Content {
  /** The file that is sent. */
  readonly path: string;
  readonly filename: string;
  readonly sha256: string;
  /** Of a packed folder. */
  readonly fileCount?: number;
  /** Removes what was made for sending. */
  release(): Promise<void>;
}

/** A file as it is; a folder as a tar.gz, equal content as equal bytes. */
export async function prepareContent(path: string, options: { readonly everything?: boolean } = {}): Promise<Content> {
  const { packFolder, sha256OfFile } = await import('@baton/sdk');
  const found = await stat(path).catch(() => null);
  if (!found) throw usage(`There is no file or folder ${path}.`);
  if (!found.isDirectory() && !found.isFile()) throw usage(`${path} is neither a file nor a folder.`);
  if (found.isFile()) {
    return { path, filename: basename(path), sha256: await sha256OfFile(path), release: async () => {} };
  }
  const packed = await packFolder(path, options).catch((error: Error) => {
    throw usage(error.message);
  });
  const { fileCount } = packed;
  return {
    path: packed.path,
    filename: basename(packed.path),
    sha256: await sha256OfFile(packed.path),
    fileCount,
    release: () => packed.remove(),
  };
}

export async function sendContent(client: BatonClient, content: Content, signal: AbortSignal): Promise<SentContent> {
  const { path, filename, sha256 } = content;
  const memory = uploadMemory(client.http.base, content);
  const uploadUrl = await memory.recall();
  const bar = new ProgressBar(filename);
  try {
    const sent = await client.upload(path, {
      filename,
      sha256,
      signal,
      ...(uploadUrl === undefined ? {} : { uploadUrl }),
      onUrl: (url) => void memory.keep(url),
      onProgress: (done, total) => bar.update(done, total),
    });
    return { ...sent, forget: memory.forget };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Failure(EXIT.interrupted, 'Interrupted. Run the same command again: the upload goes on where it is.');
  } finally {
    bar.clear();
  }
}

/** The address of an unfinished upload, kept in a file named by what is sent and whereto. */
function uploadMemory(server: string, { sha256, filename }: Content) {
  const folder = join(stateFolder(), 'uploads');
  const name = createHash('sha256')
    .update(JSON.stringify([server, sha256, filename]))
    .digest('hex');
  const path = join(folder, name);
  return {
    recall: () => readFile(path, 'utf8').catch(() => undefined),
    // Where it can't be kept, an upload that is cut begins anew.
    keep: (url: string) =>
      mkdir(folder, { recursive: true, mode: 0o700 })
        .then(() => writeFile(path, url, { mode: 0o600 }))
        .catch(() => {}),
    forget: () => rm(path, { force: true }),
  };
}
