// The blob store's folder on this machine, as a source for staging.
import type { BlobStore, LocalBlobs } from '@baton/blob-store';
import { rm } from 'node:fs/promises';
import type { BlobSource, FetchOptions, LocalSource } from '../../app/blob-source.ts';

export class FileBlobSource implements BlobSource, LocalSource {
  readonly #blobs: BlobStore & LocalBlobs;

  constructor(blobs: BlobStore & LocalBlobs) {
    this.#blobs = blobs;
  }

  read(digest: string): Promise<Buffer> {
    return this.#blobs.read(digest);
  }

  pathOf(digest: string): string {
    return this.#blobs.pathOf(digest);
  }

  async fetch(digest: string, into: string, { sizeBytes, signal, pace }: FetchOptions): Promise<void> {
    await pace.take(sizeBytes, signal);
    await rm(into, { force: true });
    await this.#blobs.copyTo(digest, into, 0o600);
  }
}
