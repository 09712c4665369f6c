// Manifests by digest: immutable, so those read lately are kept.
import type { BlobStore } from '@baton/blob-store';
import { fits, Manifest, type ManifestFile } from '@baton/contracts';
import { PlatformError } from '@baton/errors';

const MAX_ENTRIES = 64;

export class ManifestReader {
  readonly #blobs: BlobStore;
  readonly #kept = new Map<string, Promise<Manifest>>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  read(digest: string): Promise<Manifest> {
    const reading = this.#kept.get(digest) ?? this.#load(digest);
    this.#kept.delete(digest);
    this.#kept.set(digest, reading);
    const oldest = this.#kept.size > MAX_ENTRIES ? this.#kept.keys().next().value : undefined;
    if (oldest !== undefined) this.#kept.delete(oldest);
    return reading;
  }

  /** The file that the manifest names exactly so: a path out of a URL never reaches the file system. */
  async file(digest: string, path: string): Promise<ManifestFile> {
    const { files } = await this.read(digest);
    const file = files.find((candidate) => candidate.path === path);
    if (!file) throw new PlatformError('not_found', `There is no file ${JSON.stringify(path)} in it.`);
    return file;
  }

  #load(digest: string): Promise<Manifest> {
    const loading = this.#parse(digest);
    loading.catch(() => this.#kept.delete(digest));
    return loading;
  }

  async #parse(digest: string): Promise<Manifest> {
    const manifest: unknown = JSON.parse((await this.#blobs.read(digest)).toString('utf8'));
    if (!fits(Manifest, manifest)) throw new Error(`the blob ${digest} is no manifest`);
    return manifest;
  }
}
