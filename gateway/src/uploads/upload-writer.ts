// Writes to uploads: one request at a time each, hashed on the way, and on disk before the offset is told.
import { type FileHandle, open } from 'node:fs/promises';
import { PlatformError } from '@baton/errors';
import { type Checksum, ChecksumCheck } from './checksum.ts';
import { asUploadError, checksumMismatch } from './failure.ts';
import type { RunningHashes } from './running-hashes.ts';
import type { UploadFolder } from './upload-folder.ts';

export class UploadWriter {
  readonly #folder: UploadFolder;
  readonly #hashes: RunningHashes;
  /** Offset at which the request that writes now began. */
  readonly #writing = new Map<string, number>();

  constructor(folder: UploadFolder, hashes: RunningHashes) {
    this.#folder = folder;
    this.#hashes = hashes;
  }

  /** Where the request that writes now began; undefined if none does. */
  begunAt(id: string): number | undefined {
    return this.#writing.get(id);
  }

  /** Writes from `offset` on; the new offset is on disk when it resolves. A wrong checksum (460) leaves the offset where it was. */
  async append(
    id: string,
    content: AsyncIterable<Uint8Array>,
    offset: number,
    checksum: Checksum | null,
  ): Promise<number> {
    if (this.#writing.has(id))
      throw new PlatformError(
        'conflict',
        'Another request writes to this upload. Ask for the offset and go on from there.',
      );
    const { finishedAt } = await this.#folder.info(id);
    if (finishedAt !== null) return offset;
    this.#writing.set(id, offset);
    try {
      if (checksum) await this.#folder.change(id, (info) => ({ ...info, unverifiedFrom: offset }));
      const end = await this.#write(id, content, offset, checksum);
      if (checksum) await this.#folder.change(id, (info) => ({ ...info, unverifiedFrom: null }));
      return end;
    } catch (error) {
      throw asUploadError(error);
    } finally {
      this.#writing.delete(id);
    }
  }

  async #write(
    id: string,
    content: AsyncIterable<Uint8Array>,
    offset: number,
    checksum: Checksum | null,
  ): Promise<number> {
    const file = await open(this.#folder.contentPath(id), 'r+');
    const hash = this.#hashes.take(id, offset);
    const check = checksum ? new ChecksumCheck(checksum) : null;
    const progress = { end: offset, hashed: offset };
    let isGood = false;
    try {
      await pour(
        content,
        file,
        progress,
        [hash, check].filter((sink) => sink !== null),
      );
      isGood = check === null || check.matches();
      if (!isGood) throw checksumMismatch();
      return progress.end;
    } finally {
      if (check && !isGood) await file.truncate(offset);
      await file.datasync();
      await file.close();
      // A chunk that was hashed but not written would be hashed twice.
      const isInStep = progress.hashed === progress.end;
      if (hash && isInStep && (isGood || !check)) this.#hashes.keep(id, progress.end, hash);
    }
  }
}

interface Sink {
  update(chunk: Uint8Array): unknown;
}

/** Hashes while the disk writes. `progress` tells how far it came, also when it fails on the way. */
async function pour(
  content: AsyncIterable<Uint8Array>,
  file: FileHandle,
  progress: { end: number; hashed: number },
  sinks: readonly Sink[],
): Promise<void> {
  for await (const chunk of content) {
    const writing = writeWhole(file, chunk, progress.end);
    for (const sink of sinks) sink.update(chunk);
    progress.hashed += chunk.length;
    await writing;
    progress.end += chunk.length;
  }
}

/** A short write means that the disk has filled up: the next one says so. */
async function writeWhole(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
}
