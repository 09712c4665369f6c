// Uploads on disk: an offset is told only when its bytes are on disk; a complete upload becomes a blob.
import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '@baton/blob-store';
import type { UploadedBlob } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type Checksum, ChecksumCheck } from './checksum.ts';
import { asUploadError, checksumMismatch, noUpload } from './failure.ts';
import { safeFilename } from './filename.ts';
import { RunningHashes } from './running-hashes.ts';
import { readInfo, syncFolder, type UploadInfo, writeInfo } from './upload-info.ts';

const HOUR_MS = 3_600_000;
/** An unfinished upload that nobody has written to for so long is removed. */
export const IDLE_EXPIRY_MS = 24 * HOUR_MS;
/** So long a finished upload can still be made a version of something; its content stays in the blob store. */
const FINISHED_EXPIRY_MS = 7 * 24 * HOUR_MS;
const ID = /^[0-9a-f]{32}$/;

export interface UploadState {
  readonly info: UploadInfo;
  /** Durable bytes. */
  readonly offset: number;
  /** When it was last written to. */
  readonly touchedAt: number;
}

export interface NewUpload {
  readonly id: string;
  readonly owner: string;
  readonly length: number | null;
  readonly metadata: Readonly<Record<string, string | null>>;
}

export interface FinishedUpload {
  readonly digest: string;
  readonly sizeBytes: number;
}

export class UploadStore {
  readonly #folder: string;
  readonly #blobs: BlobStore;
  readonly #now: () => number;
  readonly #hashes = new RunningHashes();
  /** Offset at which the request that writes now began. */
  readonly #writing = new Map<string, number>();
  /** Looked at since the start of this process: what a predecessor left in the page cache is on disk. */
  readonly #recovered = new Set<string>();
  readonly #finishing = new Map<string, Promise<FinishedUpload>>();

  private constructor(folder: string, blobs: BlobStore, now: () => number) {
    this.#folder = folder;
    this.#blobs = blobs;
    this.#now = now;
  }

  static async open(folder: string, blobs: BlobStore, now: () => number = Date.now): Promise<UploadStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
    return new UploadStore(folder, blobs, now);
  }

  async create(upload: NewUpload): Promise<void> {
    const { id: uploadId, owner, length, metadata } = upload;
    const file = await open(this.#contentPath(uploadId), 'wx', 0o600).catch(rethrow);
    await file.close();
    const unset = { unverifiedFrom: null, digest: null, finishedAt: null };
    await writeInfo(this.#infoPath(uploadId), {
      uploadId,
      owner,
      length,
      metadata,
      createdAt: this.#now(),
      ...unset,
    }).catch(rethrow);
    this.#recovered.add(uploadId);
  }

  /** `not_found` if there is none or it is somebody else's. */
  async get(id: string, owner: string): Promise<UploadState> {
    const info = ID.test(id) ? await readInfo(this.#infoPath(id)) : null;
    if (!info || info.owner !== owner) throw noUpload(id);
    if (info.finishedAt !== null) return { info, offset: info.length ?? 0, touchedAt: this.#now() };
    const begun = this.#writing.get(id);
    if (begun !== undefined) return { info, offset: begun, touchedAt: this.#now() };
    return this.#recover(info);
  }

  async declareLength(id: string, length: number): Promise<void> {
    await this.#change(id, (info) => ({ ...info, length }));
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
    const { finishedAt } = await this.#info(id);
    if (finishedAt !== null) return offset;
    this.#writing.set(id, offset);
    try {
      if (checksum) await this.#change(id, (info) => ({ ...info, unverifiedFrom: offset }));
      const end = await this.#write(id, content, offset, checksum);
      if (checksum) await this.#change(id, (info) => ({ ...info, unverifiedFrom: null }));
      return end;
    } catch (error) {
      throw asUploadError(error);
    } finally {
      this.#writing.delete(id);
    }
  }

  /** The content becomes a blob. Idempotent; also after a crash at any point. `digest_mismatch` discards the upload. */
  finish(id: string, owner: string): Promise<FinishedUpload> {
    const running = this.#finishing.get(id);
    if (running) return running;
    const finishing = this.#finish(id, owner).finally(() => this.#finishing.delete(id));
    this.#finishing.set(id, finishing);
    return finishing;
  }

  /** A complete upload of this owner, as versions are made from. */
  async resolve(id: string, owner: string): Promise<UploadedBlob> {
    const { info, offset } = await this.get(id, owner);
    if (offset !== info.length) {
      throw new PlatformError(
        'conflict',
        `The upload ${id} is not complete: ${offset} of ${info.length ?? 'an unknown number of'} bytes are here.`,
      );
    }
    const { digest, sizeBytes } = await this.finish(id, owner);
    return { uploadId: id, digest, sizeBytes, filename: safeFilename(info.metadata['filename']) };
  }

  async remove(id: string, owner: string): Promise<void> {
    await this.get(id, owner);
    await this.#discard(id);
  }

  /** Removes what has expired; how many. */
  async sweep(): Promise<number> {
    let removed = 0;
    for (const name of await readdir(this.#folder)) {
      const id = name.split('.', 1)[0] ?? '';
      if (!ID.test(id) || this.#writing.has(id) || this.#finishing.has(id) || !(await this.#hasExpired(id))) continue;
      await this.#discard(id);
      removed += 1;
    }
    return removed;
  }

  async #hasExpired(id: string): Promise<boolean> {
    const info = await readInfo(this.#infoPath(id));
    if (info?.finishedAt) return info.finishedAt + FINISHED_EXPIRY_MS < this.#now();
    const touched = await Promise.all([this.#contentPath(id), this.#infoPath(id)].map(modifiedAt));
    return Math.max(...touched) + IDLE_EXPIRY_MS < this.#now();
  }

  async #recover(info: UploadInfo): Promise<UploadState> {
    const path = this.#contentPath(info.uploadId);
    const found = await stat(path).catch(() => null);
    // Adopted by the blob store, but the process died before it could say so here.
    if (!found) return { info, offset: info.digest === null ? 0 : (info.length ?? 0), touchedAt: info.createdAt };
    const offset = Math.min(found.size, info.unverifiedFrom ?? found.size);
    if (info.unverifiedFrom !== null) {
      await cutAndSync(path, offset);
      await this.#change(info.uploadId, (before) => ({ ...before, unverifiedFrom: null }));
    } else if (!this.#recovered.has(info.uploadId)) await cutAndSync(path, offset);
    this.#recovered.add(info.uploadId);
    return { info: { ...info, unverifiedFrom: null }, offset, touchedAt: found.mtimeMs };
  }

  async #write(
    id: string,
    content: AsyncIterable<Uint8Array>,
    offset: number,
    checksum: Checksum | null,
  ): Promise<number> {
    const file = await open(this.#contentPath(id), 'r+');
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

  async #finish(id: string, owner: string): Promise<FinishedUpload> {
    const { info } = await this.get(id, owner);
    const path = this.#contentPath(id);
    if (info.digest !== null && (info.finishedAt !== null || (await this.#blobs.stat(info.digest)))) {
      return this.#finished(info, info.digest);
    }
    const digest = info.digest ?? (await this.#hashes.digest(id, path, info.length ?? 0));
    const declared = info.metadata['sha256'];
    if (declared && declared.toLowerCase() !== digest) {
      await this.#discard(id);
      throw new PlatformError(
        'digest_mismatch',
        `The content has SHA-256 ${digest}, not ${declared} as was declared. The upload was discarded.`,
      );
    }
    // Written before the blob store takes the file away: after a crash in between, the digest finds the content there.
    await this.#change(id, (before) => ({ ...before, digest }));
    await this.#blobs.adopt(path, digest, { verified: true });
    return this.#finished(info, digest);
  }

  async #finished(info: UploadInfo, digest: string): Promise<FinishedUpload> {
    if (info.finishedAt === null) {
      await rm(this.#contentPath(info.uploadId), { force: true });
      await this.#change(info.uploadId, (before) => ({ ...before, digest, finishedAt: this.#now() }));
    }
    return { digest, sizeBytes: info.length ?? 0 };
  }

  async #discard(id: string): Promise<void> {
    this.#hashes.drop(id);
    this.#recovered.delete(id);
    // The information last: without it the content would never be swept by age.
    await rm(this.#contentPath(id), { force: true });
    await rm(this.#infoPath(id), { force: true });
    await syncFolder(this.#folder);
  }

  async #info(id: string): Promise<UploadInfo> {
    const info = await readInfo(this.#infoPath(id));
    if (!info) throw noUpload(id);
    return info;
  }

  async #change(id: string, change: (info: UploadInfo) => UploadInfo): Promise<void> {
    await writeInfo(this.#infoPath(id), change(await this.#info(id)));
  }

  #contentPath(id: string): string {
    return join(this.#folder, `${id}.bin`);
  }

  #infoPath(id: string): string {
    return join(this.#folder, `${id}.json`);
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

async function cutAndSync(path: string, length: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(length);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function modifiedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? 0;
}

function rethrow(error: unknown): never {
  throw asUploadError(error);
}
