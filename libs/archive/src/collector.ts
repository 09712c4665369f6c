// Takes the files that come out of archives into the blob store: large ones as streams, small ones several at a time.
import type { BlobStore } from '@baton/blob-store';
import type { ManifestFile } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { Gauge } from './limits.ts';
import { PathSet } from './paths.ts';

export interface FileEntry {
  readonly path: string;
  /** What the archive says; content of another size is refused. */
  readonly sizeBytes: number;
  readonly executable: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Each put waits for the disk: small ones do so side by side. */
const SMALL_BYTES = 256 * 1024;
const SIDE_BY_SIDE = 16;

export class Collector {
  readonly #blobs: BlobStore;
  readonly #gauge: Gauge;
  readonly #signal: AbortSignal | undefined;
  readonly #paths = new PathSet('bad_archive');
  readonly #files: ManifestFile[] = [];
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  constructor(blobs: BlobStore, gauge: Gauge, signal?: AbortSignal) {
    this.#blobs = blobs;
    this.#gauge = gauge;
    this.#signal = signal;
  }

  /** A file that is in the blob store already. */
  addStored(file: ManifestFile): void {
    this.#gauge.file();
    this.#gauge.announced(file.sizeBytes);
    this.#paths.file(file.path);
    this.#files.push(file);
  }

  addFolder(path: string): void {
    this.#gauge.file();
    this.#paths.folder(path);
  }

  /** Resolves when the content has been read, which for a small file is before it is stored. */
  async add(entry: FileEntry): Promise<void> {
    this.#signal?.throwIfAborted();
    this.#throwFailure();
    this.#gauge.file();
    this.#gauge.announced(entry.sizeBytes);
    this.#paths.file(entry.path);
    if (entry.sizeBytes > SMALL_BYTES) return this.#put(entry, entry.content);
    const content = await gather(entry);
    while (this.#running.size >= SIDE_BY_SIDE) await Promise.race(this.#running);
    const running = this.#put(entry, content)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** All files, once they are stored. */
  async finish(): Promise<ManifestFile[]> {
    await this.settle();
    this.#throwFailure();
    return this.#files;
  }

  /** Resolves when nothing is being stored any more, failed or not. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #put(entry: FileEntry, content: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
    const { path, sizeBytes, executable } = entry;
    const options = this.#signal === undefined ? {} : { signal: this.#signal };
    const blob = await this.#blobs.put(
      content instanceof Uint8Array ? content : exactly(content, sizeBytes, path),
      options,
    );
    this.#files.push({ path, digest: blob.digest, sizeBytes, ...(executable ? { executable } : {}) });
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}

async function gather({ content, sizeBytes, path }: FileEntry): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of exactly(content, sizeBytes, path)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The content, refused once it is longer than said, or at its end if it is shorter. */
async function* exactly(
  content: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  path: string,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of content) {
    length += chunk.byteLength;
    if (length > sizeBytes) break;
    yield chunk;
  }
  if (length !== sizeBytes) {
    throw new PlatformError('bad_archive', `${path} has another size than the archive says.`);
  }
}
