// Makes complete uploads into blobs: once each, and to the end also after a crash at any point.
import { rm } from 'node:fs/promises';
import type { BlobStore } from '@baton/blob-store';
import { PlatformError } from '@baton/errors';
import type { RunningHashes } from './running-hashes.ts';
import type { UploadFolder } from './upload-folder.ts';
import type { UploadInfo } from './upload-info.ts';

export interface FinishedUpload {
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface FinisherParts {
  readonly folder: UploadFolder;
  readonly blobs: BlobStore;
  readonly hashes: RunningHashes;
  readonly now: () => number;
  readonly discard: (id: string) => Promise<void>;
}

export class UploadFinisher {
  readonly #parts: FinisherParts;
  readonly #finishing = new Map<string, Promise<FinishedUpload>>();

  constructor(parts: FinisherParts) {
    this.#parts = parts;
  }

  isFinishing(id: string): boolean {
    return this.#finishing.has(id);
  }

  /** Asked for again while it is under way, it is done once. `find` says what is known of the upload. */
  finish(id: string, find: () => Promise<UploadInfo>): Promise<FinishedUpload> {
    const running = this.#finishing.get(id);
    if (running) return running;
    const finishing = this.#finish(find).finally(() => this.#finishing.delete(id));
    this.#finishing.set(id, finishing);
    return finishing;
  }

  async #finish(find: () => Promise<UploadInfo>): Promise<FinishedUpload> {
    const { folder, blobs, hashes, discard } = this.#parts;
    const info = await find();
    const { uploadId: id } = info;
    const path = folder.contentPath(id);
    if (info.digest !== null && (info.finishedAt !== null || (await blobs.stat(info.digest)))) {
      return this.#finished(info, info.digest);
    }
    const digest = info.digest ?? (await hashes.digest(id, path, info.length ?? 0));
    const declared = info.metadata['sha256'];
    if (declared && declared.toLowerCase() !== digest) {
      await discard(id);
      throw new PlatformError(
        'digest_mismatch',
        `The content has SHA-256 ${digest}, not ${declared} as was declared. The upload was discarded.`,
      );
    }
    // Written before the blob store takes the file away: after a crash in between, the digest finds the content there.
    await folder.change(id, (before) => ({ ...before, digest }));
    await blobs.adopt(path, digest, { verified: true });
    return this.#finished(info, digest);
  }

  async #finished(info: UploadInfo, digest: string): Promise<FinishedUpload> {
    const { folder, now } = this.#parts;
    if (info.finishedAt === null) {
      await rm(folder.contentPath(info.uploadId), { force: true });
      await folder.change(info.uploadId, (before) => ({ ...before, digest, finishedAt: now() }));
    }
    return { digest, sizeBytes: info.length ?? 0 };
  }
}
