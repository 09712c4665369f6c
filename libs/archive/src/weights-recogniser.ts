// Finds the weights among stored files by a look at the beginning of each that is named like some.
import type { BlobStore } from '@baton/blob-store';
import type { ManifestFile } from '@baton/contracts';
import { hasCode } from '@baton/errors';
import { buffer } from 'node:stream/consumers';
import { mayBeWeights, type WeightsFormat, weightsFormat, WEIGHTS_HEAD_BYTES } from './weights-format.ts';

const SIDE_BY_SIDE = 8;
const MAX_KEPT = 10_000;

export class WeightsRecogniser {
  readonly #blobs: BlobStore;
  /** Content never changes: what was found out once stays true. */
  readonly #kept = new Map<string, WeightsFormat | null>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** The formats by path; files that are no weights are not in it. */
  async among(files: readonly ManifestFile[]): Promise<Map<string, WeightsFormat>> {
    const formats = new Map<string, WeightsFormat>();
    const queue = files.filter(({ path }) => mayBeWeights(path));
    const worker = async () => {
      for (let file = queue.pop(); file; file = queue.pop()) {
        const format = await this.#formatOf(file);
        if (format !== null) formats.set(file.path, format);
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
    return formats;
  }

  async #formatOf({ path, digest, sizeBytes }: ManifestFile): Promise<WeightsFormat | null> {
    const key = `${path.slice(path.lastIndexOf('.'))} ${digest}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const head = await this.#head(digest, sizeBytes);
    const format = head && weightsFormat({ path, head, sizeBytes });
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(key, format);
    return format;
  }

  /** Null if there is no such blob: that is for whoever reads it to report. */
  async #head(digest: string, sizeBytes: number): Promise<Buffer | null> {
    if (sizeBytes === 0) return null;
    try {
      return await buffer(await this.#blobs.open(digest, { start: 0, end: WEIGHTS_HEAD_BYTES - 1 }));
    } catch (error) {
      if (hasCode(error, 'not_found')) return null;
      throw error;
    }
  }
}
