// Dataset versions, code and checkpoints as folders of read-only files, each under the digest of its manifest, kept for whoever asks next.
import type { Manifest } from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { randomUUID } from 'node:crypto';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobSource, isLocalSource } from '../../app/blob-source.ts';
import { SharedWork, type WorkRun } from '../../app/shared-work.ts';
import { untilReached } from '../../app/until-reached.ts';
import { BlobFetcher, percent } from './blob-fetcher.ts';
import { readManifest } from './manifest-reader.ts';
import type { NodeCache } from './node-cache.ts';

const FILES = 'files';
const FETCH_ROUNDS = 3;

export interface TreeWanted {
  /** Of the manifest. */
  readonly digest: string;
  /** For people: "dataset digits". */
  readonly what: string;
}

export interface Tree {
  /** Its files, read-only. To be shown by a read-only mount or copied, never linked: its files share their content with the store. */
  readonly folder: string;
  readonly sizeBytes: number;
}

export class TreeCache {
  readonly #cache: NodeCache;
  readonly #source: BlobSource;
  readonly #fetcher: BlobFetcher;
  readonly #building = new SharedWork<Tree>();

  constructor(cache: NodeCache, source: BlobSource) {
    this.#cache = cache;
    this.#source = source;
    this.#fetcher = new BlobFetcher({ source, pace: cache.stager, folder: cache.blobs });
  }

  /** Every byte was verified when it came in, and is once more after a restart of the server. The caller holds it in the cache. */
  async find(wanted: TreeWanted, run: WorkRun): Promise<Tree> {
    const { shelves, bootId } = this.#cache;
    const known = await shelves.trees.find(wanted.digest);
    if (known?.bootId === bootId) {
      await shelves.trees.touch(wanted.digest, Date.now());
      return { folder: join(shelves.trees.path(wanted.digest), FILES), sizeBytes: known.sizeBytes };
    }
    return this.#building.run(wanted.digest, (shared) => this.#make(wanted, shared), run);
  }

  async #make(wanted: TreeWanted, run: WorkRun): Promise<Tree> {
    const { digest, what } = wanted;
    const { files } = await this.#manifest(wanted, run);
    // Before its tree of another boot goes: what that has of them need not be fetched again.
    const letGo = await this.#cache.holdBlobs(files.map((file) => file.digest));
    // A build of the same tree that was given up may still be at its last file, in a folder of its own.
    const built = join(this.#cache.building, `${digest}.${randomUUID()}`);
    try {
      await this.#cache.discard('trees', digest);
      const sizeBytes = sizeOf(files);
      const cacheBytes = (await this.#canLink()) ? 0 : sizeBytes;
      await this.#cache.makeRoom({ what, cacheBytes, diskBytes: cacheBytes }, run);
      const bytes = await this.#bring(files, { ...wanted, built }, run);
      await this.#shelve(wanted, built, { bytes, sizeBytes });
      return { folder: join(this.#cache.shelves.trees.path(digest), FILES), sizeBytes };
    } finally {
      letGo();
      await this.#cache.drop(built);
    }
  }

  /** A platform that is away for a moment is no failed start. */
  #manifest(wanted: TreeWanted, run: WorkRun): Promise<Manifest> {
    const { signal } = run;
    const read = () => readManifest(this.#source, wanted, signal);
    if (isLocalSource(this.#source)) return read();
    return untilReached(read, {
      signal,
      onWait: () => run.onProgress(`${wanted.what}: waiting for the platform's store`),
    });
  }

  /** Gives what it takes on the disk by itself. Content that was damaged on its way, or is gone again, is fetched anew. */
  async #bring(files: Files, wanted: BuildWanted, run: WorkRun): Promise<number> {
    if (isLocalSource(this.#source)) return this.#build(files, wanted, run);
    for (let round = 1; ; round += 1) {
      await this.#fetcher.fetchAll(files, wanted.what, run);
      try {
        await this.#build(files, wanted, run);
        return sizeOf(files);
      } catch (error) {
        const isDamaged = hasCode(error, 'digest_mismatch');
        if (round === FETCH_ROUNDS || !(isDamaged || hasCode(error, 'not_found'))) throw error;
        if (isDamaged) await this.#fetcher.remove((error as PlatformError).detail ?? '');
      }
    }
  }

  async #build(files: Files, { what, built }: BuildWanted, run: WorkRun): Promise<number> {
    const { stager } = this.#cache;
    const source = isLocalSource(this.#source) ? this.#source : this.#fetcher;
    const total = sizeOf(files);
    const sources = files.map((file) => ({
      source: source.pathOf(file.digest),
      path: file.path,
      digest: file.digest,
      executable: file.executable === true,
    }));
    const verb = isLocalSource(this.#source) ? '' : 'checking ';
    const onBytes = (bytes: number) => run.onProgress(`${verb}${what} ${percent(bytes, total)}`);
    const folder = join(built, FILES);
    // Of the round before.
    await this.#cache.drop(built);
    await mkdir(folder, { recursive: true });
    try {
      return await stager.run(
        { type: 'build', files: sources, folder, mayLink: true },
        { signal: run.signal, onBytes },
      );
    } catch (error) {
      throw named(error, what, (path) => sources.find((one) => one.source === path)?.path);
    }
  }

  async #shelve({ digest }: TreeWanted, built: string, size: { bytes: number; sizeBytes: number }): Promise<void> {
    const { trees } = this.#cache.shelves;
    await trees.mark(built, { ...size, bootId: this.#cache.bootId });
    await rename(built, trees.path(digest));
  }

  /** On one file system, a tree of links costs no content. */
  async #canLink(): Promise<boolean> {
    if (!isLocalSource(this.#source)) return false;
    const any = this.#source.pathOf('0'.repeat(64));
    const [theirs, ours] = await Promise.all([deviceOf(any), deviceOf(this.#cache.blobs)]);
    return theirs === ours;
  }
}

interface BuildWanted extends TreeWanted {
  readonly built: string;
}
type Files = Manifest['files'];

function sizeOf(files: Files): number {
  return files.reduce((sum, file) => sum + file.sizeBytes, 0);
}

/** Of the nearest folder that exists. */
async function deviceOf(path: string): Promise<number> {
  return stat(path).then(
    ({ dev }) => dev,
    () => deviceOf(join(path, '..')),
  );
}

function named(error: unknown, what: string, pathOf: (source: string) => string | undefined): unknown {
  if (!(error instanceof PlatformError)) return error;
  const { code, detail, message } = error;
  const options = { cause: error, ...(detail === undefined ? {} : { detail }) };
  if (code === 'not_found') {
    const path = pathOf(detail ?? '') ?? '';
    return new PlatformError(code, `The file "${path}" of the ${what} is not in the store.`, options);
  }
  if (code === 'digest_mismatch')
    return new PlatformError(code, `A file of the ${what} is damaged in the store.`, options);
  if (code === 'invalid_input')
    return new PlatformError(code, `The ${what} can't be put on the node. ${message}`, options);
  return error;
}
