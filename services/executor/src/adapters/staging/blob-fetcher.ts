// Brings blobs from elsewhere into the node's cache: a few at a time, going on where an earlier fetch broke off.
import type { ManifestFile } from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { chmod, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobSource, Pace } from '../../app/blob-source.ts';
import type { WorkRun } from '../../app/shared-work.ts';

const CONCURRENT_FETCHES = 4;
const TRY_AGAIN_MS = 1_000;

export interface FetcherParts {
  readonly source: BlobSource;
  readonly pace: Pace;
  /** A blob lies here under its digest as soon as it has its size; until then as `<digest>.part`. */
  readonly folder: string;
}

export class BlobFetcher {
  readonly #parts: FetcherParts;
  /** Two trees may want one blob at the same time. */
  readonly #fetching = new Map<string, Promise<void>>();

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  pathOf(digest: string): string {
    return join(this.#parts.folder, digest);
  }

  async fetchAll(files: readonly ManifestFile[], what: string, run: WorkRun): Promise<void> {
    const queue = [...new Map(files.map((file) => [file.digest, file])).values()];
    const total = queue.reduce((sum, file) => sum + file.sizeBytes, 0);
    let passed = 0;
    const onBytes = (bytes: number) => {
      passed += bytes;
      run.onProgress(`${what} ${percent(passed, total)}`);
    };
    const worker = async () => {
      for (let file = queue.pop(); file; file = queue.pop()) await this.#fetch(file, { ...run, what, onBytes });
    };
    await Promise.all(Array.from({ length: CONCURRENT_FETCHES }, worker));
  }

  async remove(digest: string): Promise<void> {
    await rm(this.pathOf(digest), { force: true });
  }

  async #fetch(file: ManifestFile, run: FetchRun): Promise<void> {
    for (;;) {
      if ((await sizeOf(this.pathOf(file.digest))) === file.sizeBytes) return run.onBytes(file.sizeBytes);
      run.signal.throwIfAborted();
      const underway = this.#fetching.get(file.digest);
      // Another tree's fetch that fails is no reason to fail: then this one tries itself.
      if (underway !== undefined) await underway.catch(() => undefined);
      else await this.#fetchOnce(file, run);
    }
  }

  async #fetchOnce(file: ManifestFile, run: FetchRun): Promise<void> {
    const fetching = this.#fetchPart(file, run).finally(() => this.#fetching.delete(file.digest));
    this.#fetching.set(file.digest, fetching);
    try {
      await fetching;
    } catch (error) {
      run.signal.throwIfAborted();
      if (hasCode(error, 'not_found'))
        throw new PlatformError('not_found', `The file "${file.path}" of the ${run.what} is not in the store.`, {
          cause: error,
        });
      if (!hasCode(error, 'unavailable')) throw error;
      run.onProgress(`${run.what}: waiting for the platform's store`);
      await sleep(TRY_AGAIN_MS, undefined, { signal: run.signal }).catch(() => run.signal.throwIfAborted());
    }
  }

  async #fetchPart({ digest, sizeBytes }: ManifestFile, { signal, onBytes }: FetchRun): Promise<void> {
    const { source, pace } = this.#parts;
    const part = `${this.pathOf(digest)}.part`;
    const counting: Pace = {
      take: async (bytes, by) => {
        await pace.take(bytes, by);
        onBytes(bytes);
      },
    };
    const had = await sizeOf(part);
    if (had !== null && had >= sizeBytes) await rm(part, { force: true });
    await source.fetch(digest, part, { sizeBytes, signal, pace: counting });
    const got = await sizeOf(part);
    if (got === sizeBytes) {
      await chmod(part, 0o444);
      return rename(part, this.pathOf(digest));
    }
    if (got !== null && got > sizeBytes) await rm(part, { force: true });
    throw new PlatformError('unavailable', 'The store broke off in the middle of a file.');
  }
}

interface FetchRun extends WorkRun {
  readonly what: string;
  readonly onBytes: (bytes: number) => void;
}

export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 100 : Math.min(100, Math.floor((part / whole) * 100))} %`;
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}
