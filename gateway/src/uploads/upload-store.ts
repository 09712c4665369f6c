// Uploads on disk: an offset is told only when its bytes are on disk; a complete upload becomes a blob.
import { open, stat } from 'node:fs/promises';
import type { BlobStore } from '@baton/blob-store';
import type { UploadedBlob } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { Checksum } from './checksum.ts';
import { noUpload } from './failure.ts';
import { safeFilename } from './filename.ts';
import { RunningHashes } from './running-hashes.ts';
import { type FinishedUpload, UploadFinisher } from './upload-finisher.ts';
import { UploadFolder } from './upload-folder.ts';
import type { UploadInfo } from './upload-info.ts';
import { UploadWriter } from './upload-writer.ts';

const HOUR_MS = 3_600_000;
/** An unfinished upload that nobody has written to for so long is removed. */
export const IDLE_EXPIRY_MS = 24 * HOUR_MS;
/** So long a finished upload can still be made a version of something; its content stays in the blob store. */
const FINISHED_EXPIRY_MS = 7 * 24 * HOUR_MS;

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

export class UploadStore {
  readonly #folder: UploadFolder;
  readonly #now: () => number;
  readonly #hashes = new RunningHashes();
  readonly #writer: UploadWriter;
  readonly #finisher: UploadFinisher;
  /** Looked at since the start of this process: what a predecessor left in the page cache is on disk. */
  readonly #recovered = new Set<string>();

  private constructor(folder: UploadFolder, blobs: BlobStore, now: () => number) {
    this.#folder = folder;
    this.#now = now;
    this.#writer = new UploadWriter(folder, this.#hashes);
    const discard = (id: string) => this.#discard(id);
    this.#finisher = new UploadFinisher({ folder, blobs, hashes: this.#hashes, now, discard });
  }

  static async open(folder: string, blobs: BlobStore, now: () => number = Date.now): Promise<UploadStore> {
    return new UploadStore(await UploadFolder.open(folder), blobs, now);
  }

  async create({ id: uploadId, owner, length, metadata }: NewUpload): Promise<void> {
    const unset = { unverifiedFrom: null, digest: null, finishedAt: null };
    await this.#folder.create({ uploadId, owner, length, metadata, createdAt: this.#now(), ...unset });
    this.#recovered.add(uploadId);
  }

  /** `not_found` if there is none or it is somebody else's. */
  async get(id: string, owner: string): Promise<UploadState> {
    const info = await this.#folder.find(id);
    if (!info || info.owner !== owner) throw noUpload(id);
    if (info.finishedAt !== null) return { info, offset: info.length ?? 0, touchedAt: this.#now() };
    const begun = this.#writer.begunAt(id);
    if (begun !== undefined) return { info, offset: begun, touchedAt: this.#now() };
    return this.#recover(info);
  }

  async declareLength(id: string, length: number): Promise<void> {
    await this.#folder.change(id, (info) => ({ ...info, length }));
  }

  /** Writes from `offset` on; the new offset is on disk when it resolves. A wrong checksum (460) leaves the offset where it was. */
  append(id: string, content: AsyncIterable<Uint8Array>, offset: number, checksum: Checksum | null): Promise<number> {
    return this.#writer.append(id, content, offset, checksum);
  }

  /** The content becomes a blob. Idempotent; also after a crash at any point. `digest_mismatch` discards the upload. */
  finish(id: string, owner: string): Promise<FinishedUpload> {
    return this.#finisher.finish(id, async () => (await this.get(id, owner)).info);
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
    for (const id of await this.#folder.ids()) {
      const isBusy = this.#writer.begunAt(id) !== undefined || this.#finisher.isFinishing(id);
      if (isBusy || !(await this.#hasExpired(id))) continue;
      await this.#discard(id);
      removed += 1;
    }
    return removed;
  }

  async #hasExpired(id: string): Promise<boolean> {
    const info = await this.#folder.find(id);
    if (info?.finishedAt) return info.finishedAt + FINISHED_EXPIRY_MS < this.#now();
    return (await this.#folder.modifiedAt(id)) + IDLE_EXPIRY_MS < this.#now();
  }

  async #recover(info: UploadInfo): Promise<UploadState> {
    const path = this.#folder.contentPath(info.uploadId);
    const found = await stat(path).catch(() => null);
    // Adopted by the blob store, but the process died before it could say so here.
    if (!found) return { info, offset: info.digest === null ? 0 : (info.length ?? 0), touchedAt: info.createdAt };
    const offset = Math.min(found.size, info.unverifiedFrom ?? found.size);
    if (info.unverifiedFrom !== null) {
      await cutAndSync(path, offset);
      await this.#folder.change(info.uploadId, (before) => ({ ...before, unverifiedFrom: null }));
    } else if (!this.#recovered.has(info.uploadId)) await cutAndSync(path, offset);
    this.#recovered.add(info.uploadId);
    return { info: { ...info, unverifiedFrom: null }, offset, touchedAt: found.mtimeMs };
  }

  async #discard(id: string): Promise<void> {
    this.#hashes.drop(id);
    this.#recovered.delete(id);
    await this.#folder.remove(id);
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
