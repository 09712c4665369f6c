// The blob store in a folder: content under aa/bb/<digest>, put there whole by rename.
import { createReadStream } from 'node:fs';
import {
  chmod,
  constants,
  copyFile,
  type FileHandle,
  link,
  open,
  readFile,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { checkDigest, clip, measure } from '../content.ts';
import { asPlatformError, notFound, occupied, systemCode } from '../failure.ts';
import type {
  AdoptOptions,
  BlobStore,
  ByteRange,
  LocalBlobs,
  PutOptions,
  RemovableBlobs,
  StoredBlob,
} from '../port.ts';
import { BlobFolders, makeFolder, syncFolder } from './durable.ts';
import { asidePath, putBack, stage, sweep } from './staging.ts';

export interface FileBlobStoreOptions {
  /** Made if it is missing. Staging lies inside, so that both are on one file system. */
  readonly folder: string;
}

/** Opens the store and sweeps what crashes have left in its staging. */
export async function openFileBlobStore(
  options: FileBlobStoreOptions,
): Promise<BlobStore & LocalBlobs & RemovableBlobs> {
  const staging = join(options.folder, 'staging');
  return guard(async () => {
    await makeFolder(staging);
    await sweep(staging, Date.now());
    const store = new FileBlobStore(options.folder, staging, await BlobFolders.open(options.folder));
    await putBack(staging, (digest) => store.pathOf(digest));
    return store;
  });
}

const READ_ONLY = 0o444;

class FileBlobStore implements BlobStore, LocalBlobs, RemovableBlobs {
  readonly #folder: string;
  readonly #staging: string;
  readonly #folders: BlobFolders;

  constructor(folder: string, staging: string, folders: BlobFolders) {
    this.#folder = folder;
    this.#staging = staging;
    this.#folders = folders;
  }

  pathOf(digest: string): string {
    checkDigest(digest);
    return join(this.#folder, digest.slice(0, 2), digest.slice(2, 4), digest);
  }

  async put(content: AsyncIterable<Uint8Array> | Uint8Array, options: PutOptions = {}): Promise<StoredBlob> {
    return guard(async () => {
      if (!(content instanceof Uint8Array)) return this.#write(content, options);
      const blob = await measure(content, options, async () => {});
      if (await this.#has(blob)) return blob;
      return this.#stageAndPlace(async (handle) => {
        await handle.writeFile(content);
        return blob;
      });
    });
  }

  async adopt(path: string, digest: string, options: AdoptOptions = {}): Promise<StoredBlob> {
    checkDigest(digest);
    return guard(async () => {
      if (options.verified !== true) await measure(createReadStream(path), { digest }, async () => {});
      const blob = { digest, sizeBytes: await this.#seal(path) };
      if (await this.#has(blob)) {
        await rm(path);
        return blob;
      }
      try {
        await this.#place(path, blob);
      } catch (error) {
        if (systemCode(error) !== 'EXDEV') throw error;
        await this.#write(createReadStream(path), { digest });
        await rm(path);
      }
      return blob;
    });
  }

  async open(digest: string, range?: ByteRange): Promise<Readable> {
    const path = this.pathOf(digest);
    return guard(async () => {
      const handle = await open(path, 'r').catch((error: unknown) => this.#missing(error, digest));
      try {
        const { size } = await handle.stat();
        // A stream has no way to say that it ends before its first byte.
        if (size === 0 && range === undefined) return handle.createReadStream();
        return handle.createReadStream(clip(range, size));
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  async read(digest: string): Promise<Buffer> {
    const path = this.pathOf(digest);
    return guard(() => readFile(path).catch((error: unknown) => this.#missing(error, digest)));
  }

  async stat(digest: string): Promise<StoredBlob | null> {
    const path = this.pathOf(digest);
    return guard(async () => {
      const sizeBytes = await sizeOf(path);
      return sizeBytes === null ? null : { digest, sizeBytes };
    });
  }

  async copyTo(digest: string, path: string, mode: number): Promise<void> {
    const source = this.pathOf(digest);
    await guard(async () => {
      if ((await sizeOf(source)) === null) throw notFound(digest);
      await copyFile(source, path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL).catch(
        async (error: unknown) => {
          if (systemCode(error) === 'EEXIST') throw occupied(path);
          await rm(path, { force: true });
          throw error;
        },
      );
      await chmod(path, mode);
    });
  }

  async storedAt(digest: string): Promise<number | null> {
    const path = this.pathOf(digest);
    return guard(() => timeOf(path));
  }

  /** Taken out of its place first, and looked at then: who found it there in between has touched it, and it is put back. */
  async remove(digest: string, unlessAfter: number): Promise<boolean> {
    const path = this.pathOf(digest);
    const aside = asidePath(this.#staging, digest);
    return guard(async () => {
      if (((await timeOf(path)) ?? 0) > unlessAfter) return false;
      const isThere = await rename(path, aside).then(() => true, unlessMissing);
      if (!isThere) return true;
      const isWanted = ((await timeOf(aside)) ?? 0) > unlessAfter;
      // Whoever stored it anew meanwhile has the place.
      if (isWanted) await link(aside, path).catch(unlessThere);
      await syncFolder(dirname(path));
      await rm(aside, { force: true });
      return !isWanted;
    });
  }

  #write(content: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredBlob> {
    return this.#stageAndPlace((handle) => measure(content, options, (chunk) => handle.writeFile(chunk)));
  }

  async #stageAndPlace(write: (handle: FileHandle) => Promise<StoredBlob>): Promise<StoredBlob> {
    const staged = await stage(this.#staging);
    try {
      let blob: StoredBlob;
      try {
        blob = await write(staged.handle);
        await staged.handle.chmod(READ_ONLY);
        await staged.handle.sync();
      } finally {
        await staged.handle.close();
      }
      if (!(await this.#has(blob))) await this.#place(staged.path, blob);
      return blob;
    } finally {
      await rm(staged.path, { force: true });
    }
  }

  /** Gives a finished, synced file its name. A file with the name but another size is damaged, and is replaced. */
  async #place(path: string, blob: StoredBlob): Promise<void> {
    const target = this.pathOf(blob.digest);
    await this.#folders.make(dirname(target));
    await rename(path, target);
    await syncFolder(dirname(target));
  }

  /** Whether the content is there, durably: who put it may not have synced its folder yet. */
  async #has(blob: StoredBlob): Promise<boolean> {
    const path = this.pathOf(blob.digest);
    // It counts as stored now: it is about to be named, and must not be removed as long unused.
    const now = new Date();
    if (!(await utimes(path, now, now).then(() => true, unlessMissing))) return false;
    if ((await sizeOf(path)) !== blob.sizeBytes) return false;
    await this.#folders.make(dirname(path));
    await syncFolder(dirname(path));
    return true;
  }

  /** Makes a file read-only and durable; its size. */
  async #seal(path: string): Promise<number> {
    const handle = await open(path, 'r');
    try {
      await handle.chmod(READ_ONLY);
      await handle.sync();
      return (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  }

  #missing(error: unknown, digest: string): never {
    throw systemCode(error) === 'ENOENT' ? notFound(digest) : error;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function timeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function unlessMissing(error: unknown): false {
  if (systemCode(error) === 'ENOENT') return false;
  throw error;
}

function unlessThere(error: unknown): void {
  if (systemCode(error) !== 'EEXIST') throw error;
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asPlatformError(error);
  }
}
