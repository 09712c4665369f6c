// The blob store in memory, for unit tests of what is built on one.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { checkDigest, clip, measure } from './content.ts';
import { notFound, occupied, systemCode } from './failure.ts';
import type { BlobStore, ByteRange, PutOptions, StoredBlob } from './port.ts';

export function openMemoryBlobStore(): BlobStore {
  return new MemoryBlobStore();
}

class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<string, Buffer>();

  async put(content: AsyncIterable<Uint8Array> | Uint8Array, options: PutOptions = {}): Promise<StoredBlob> {
    const chunks: Uint8Array[] = [];
    const blob = await measure(content, options, async (chunk) => {
      chunks.push(Uint8Array.from(chunk));
    });
    if (!this.#blobs.has(blob.digest)) this.#blobs.set(blob.digest, Buffer.concat(chunks));
    return blob;
  }

  async adopt(path: string, digest: string): Promise<StoredBlob> {
    checkDigest(digest);
    const blob = await this.put(await readFile(path), { digest });
    await rm(path);
    return blob;
  }

  async open(digest: string, range?: ByteRange): Promise<Readable> {
    const content = this.#find(digest);
    if (range === undefined) return Readable.from([content], { objectMode: false });
    const { start, end } = clip(range, content.length);
    return Readable.from([content.subarray(start, end + 1)], { objectMode: false });
  }

  async read(digest: string): Promise<Buffer> {
    return Buffer.from(this.#find(digest));
  }

  async stat(digest: string): Promise<StoredBlob | null> {
    checkDigest(digest);
    const content = this.#blobs.get(digest);
    return content === undefined ? null : { digest, sizeBytes: content.length };
  }

  async copyTo(digest: string, path: string, mode: number): Promise<void> {
    await writeFile(path, this.#find(digest), { flag: 'wx', mode }).catch((error: unknown) => {
      throw systemCode(error) === 'EEXIST' ? occupied(path) : error;
    });
  }

  #find(digest: string): Buffer {
    checkDigest(digest);
    const content = this.#blobs.get(digest);
    if (content === undefined) throw notFound(digest);
    return content;
  }
}
