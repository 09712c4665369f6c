// Puts every regular file of an attempt's output folder into the blob store, and their manifest beside them.
import type { BlobStore } from '@baton/blob-store';
import type { ManifestFile } from '@baton/contracts';
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Artifacts, Collected } from '../../app/ports.ts';
import type { AttemptKey } from '../../domain/journal.ts';
import type { StatePaths } from './attempt-paths.ts';

const CONCURRENT_FILES = 4;
const MAX_PATH_CHARS = 1_024;
const NAMED_IN_NOTE = 3;

export class ArtifactCollector implements Artifacts {
  readonly #paths: StatePaths;
  readonly #blobs: BlobStore;

  constructor(paths: StatePaths, blobs: BlobStore) {
    this.#paths = paths;
    this.#blobs = blobs;
  }

  async collect(key: AttemptKey): Promise<Collected> {
    const { output } = this.#paths.attempt(key);
    const { regular, others } = await list(output);
    const files = await this.#store(output, regular);
    const note = others.length === 0 ? null : noteOn(others);
    if (files.length === 0) return { artifacts: null, note, complete: true };
    const stored = await this.#blobs.put(Buffer.from(JSON.stringify({ files })));
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    return { artifacts: { digest: stored.digest, fileCount: files.length, sizeBytes }, note, complete: true };
  }

  async #store(output: string, paths: readonly string[]): Promise<ManifestFile[]> {
    const queue = [...paths];
    const files: ManifestFile[] = [];
    const worker = async () => {
      for (let path = queue.pop(); path !== undefined; path = queue.pop())
        files.push(await this.#put(join(output, path), path));
    };
    await Promise.all(Array.from({ length: CONCURRENT_FILES }, worker));
    return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  async #put(file: string, path: string): Promise<ManifestFile> {
    // No link is followed, should one have taken the file's place.
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { mode } = await handle.stat();
      const { digest, sizeBytes } = await this.#blobs.put(handle.createReadStream({ autoClose: false }));
      return { path, digest, sizeBytes, ...((mode & 0o111) === 0 ? {} : { executable: true }) };
    } finally {
      await handle.close();
    }
  }
}

interface Listing {
  readonly regular: readonly string[];
  /** Links, sockets, pipes, names that are no text. */
  readonly others: readonly string[];
}

/** `readdir` with types does not follow links: a link to a folder is a link. */
async function list(output: string): Promise<Listing> {
  const entries = await readdir(output, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      // The job removed its own output folder.
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
      throw error;
    },
  );
  const named = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ path: relative(output, join(entry.parentPath, entry.name)), isFile: entry.isFile() }));
  const usable = (one: { path: string; isFile: boolean }) => one.isFile && isText(one.path);
  return {
    regular: named.filter(usable).map((one) => one.path),
    others: named.filter((one) => !usable(one)).map((one) => one.path),
  };
}

function isText(path: string): boolean {
  return path.length <= MAX_PATH_CHARS && !path.includes('\u{FFFD}') && !path.includes('\\');
}

function noteOn(others: readonly string[]): string {
  const named = others.slice(0, NAMED_IN_NOTE).map((path) => JSON.stringify(path.slice(0, 100)));
  const more = others.length > NAMED_IN_NOTE ? ` and ${others.length - NAMED_IN_NOTE} more` : '';
  return `Not taken as artifacts, since they are no regular files: ${named.join(', ')}${more}.`;
}
