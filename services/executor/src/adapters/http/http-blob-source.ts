// The platform's blob store over HTTP, as a source for staging: a fetch that was cut off goes on where it ended.
import type { BlobStore } from '@baton/blob-store';
import { open, rm, stat, writeFile } from 'node:fs/promises';
import type { BlobSource, FetchOptions } from '../../app/blob-source.ts';

export class HttpBlobSource implements BlobSource {
  readonly #blobs: BlobStore;

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  async read(digest: string, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    return this.#blobs.read(digest);
  }

  async fetch(digest: string, into: string, options: FetchOptions): Promise<void> {
    const { sizeBytes } = options;
    const start = await beginningOf(into, sizeBytes);
    if (start === sizeBytes) return sizeBytes === 0 ? writeFile(into, '', { mode: 0o600 }) : undefined;
    // As a range, also of the whole: the caller verifies it.
    const content = await this.#blobs.open(digest, { start, end: sizeBytes - 1 });
    const file = await open(into, 'a', 0o600);
    try {
      await append(content, (chunk) => file.writeFile(chunk), options);
    } finally {
      content.destroy();
      await file.close();
    }
  }
}

async function append(
  content: AsyncIterable<Buffer>,
  write: (chunk: Buffer) => Promise<void>,
  { signal, pace }: FetchOptions,
): Promise<void> {
  for await (const chunk of content) {
    await pace.take(chunk.length, signal);
    signal.throwIfAborted();
    await write(chunk);
  }
}

/** How much of it an earlier fetch left; more than there can be is not a beginning of it. */
async function beginningOf(path: string, sizeBytes: number): Promise<number> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size <= sizeBytes) return size;
  await rm(path);
  return 0;
}
