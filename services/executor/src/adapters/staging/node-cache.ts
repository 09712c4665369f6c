// The node's cache as a whole: its shelves, what is in use on them, and the room that they may take.
import { PlatformError } from '@baton/errors';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkRun } from '../../app/shared-work.ts';
import { type CacheEntry, findRoom, type RoomFound } from '../../domain/cache-policy.ts';
import { formatBytes } from './format-bytes.ts';
import { Shelf } from './shelf.ts';
import type { Stager } from './stager.ts';

const DEFAULT_SHARE = 0.2;
const RESERVE_SHARE = 0.01;
const MAX_RESERVE_BYTES = 2 ** 30;
const LOOK_AGAIN_MS = 1_000;
const WAIT_AT_MOST_MS = 30 * 60 * 1_000;

const SHELVES = ['trees', 'environments'] as const;
export type ShelfName = (typeof SHELVES)[number];

export interface NodeCacheOptions {
  readonly folder: string;
  readonly environments: string;
  /** null: a fifth of the disk. */
  readonly limitBytes: number | null;
  readonly stager: Stager;
  /** What the attempts of the journal use: `<shelf>/<name>`. */
  readonly inUse: () => ReadonlySet<string> | Promise<ReadonlySet<string>>;
  readonly bootId: string;
}

export interface Room {
  /** For people: "dataset digits". */
  readonly what: string;
  /** What the cache will hold more. */
  readonly cacheBytes: number;
  /** What the disk will hold more. */
  readonly diskBytes: number;
}

export class NodeCache {
  readonly bootId: string;
  readonly shelves: Readonly<Record<ShelfName, Shelf>>;
  readonly blobs: string;
  readonly building: string;
  readonly stager: Stager;
  readonly #options: NodeCacheOptions;
  readonly #trash: string;
  readonly #held = new Map<string, number>();
  readonly #wantedBlobs = new Map<string, number>();
  /** Under way. */
  readonly #sweeps = new Set<Promise<void>>();

  private constructor(options: NodeCacheOptions) {
    const { folder, environments, stager, bootId } = options;
    this.#options = options;
    this.bootId = bootId;
    this.stager = stager;
    this.shelves = { trees: new Shelf(join(folder, 'trees')), environments: new Shelf(environments) };
    this.blobs = join(folder, 'blobs');
    this.building = join(folder, 'building');
    this.#trash = join(folder, 'trash');
  }

  /** What a crash left half built or half removed goes, in the background. */
  static async open(options: NodeCacheOptions): Promise<NodeCache> {
    const cache = new NodeCache(options);
    await cache.#makeFolders();
    const left = await Promise.all([cache.building, cache.#trash].map(childrenOf));
    cache.#remove(left.flat());
    await cache.#dropUnfinished();
    return cache;
  }

  async #makeFolders(): Promise<void> {
    const { shelves, blobs, building } = this;
    const folders = [shelves.trees.folder, shelves.environments.folder, blobs, building, this.#trash];
    for (const folder of folders) await mkdir(folder, { recursive: true });
  }

  async #dropUnfinished(): Promise<void> {
    const inUse = await this.#options.inUse();
    for (const name of SHELVES) {
      const shelf = this.shelves[name];
      for (const one of await readdir(shelf.folder)) {
        if (!inUse.has(`${name}/${one}`) && (await shelf.find(one)) === null) await this.drop(shelf.path(one));
      }
    }
  }

  /** Until it is let go of, it stays, whatever the journal says. */
  hold(shelf: ShelfName, name: string): () => void {
    return counted(this.#held, `${shelf}/${name}`);
  }

  /**
   * Until they are let go of, the blobs stay although no tree links to them yet. What a sweep still takes away that began before,
   * and knows nothing of them, is gone when this resolves.
   */
  async holdBlobs(digests: readonly string[]): Promise<() => void> {
    const release = digests.map((digest) => counted(this.#wantedBlobs, digest));
    await Promise.allSettled(this.#sweeps);
    return () => {
      for (const letGo of release) letGo();
    };
  }

  async discard(shelf: ShelfName, name: string): Promise<void> {
    await this.drop(this.shelves[shelf].path(name));
  }

  /** Evicts what has to go, and waits where all is in use: `storage_full` after half an hour, `unsatisfiable` if it can never fit. */
  async makeRoom(room: Room, { signal, onProgress }: WorkRun): Promise<void> {
    // Who frees space by hand may have taken them away.
    await this.#makeFolders();
    const limitBytes = await this.limitBytes();
    if (room.cacheBytes > limitBytes) throw neverFits(room, limitBytes);
    const deadline = performance.now() + WAIT_AT_MOST_MS;
    for (;;) {
      const found = await this.#findRoom(room, limitBytes);
      if (found.fits) return this.#evict(found.evict);
      const missing = formatBytes(found.missingBytes);
      if (performance.now() > deadline)
        throw new PlatformError('storage_full', `The disk of the node is full: ${room.what} lacks ${missing}.`);
      onProgress(`waiting for disk space: ${room.what} lacks ${missing}`);
      await this.#pause(signal);
    }
  }

  /** After something came in whose size nobody knew before. */
  async trim(): Promise<void> {
    const found = await this.#findRoom({ what: '', cacheBytes: 0, diskBytes: 0 }, await this.limitBytes());
    if (found.fits) await this.#evict(found.evict);
  }

  async limitBytes(): Promise<number> {
    if (this.#options.limitBytes !== null) return this.#options.limitBytes;
    const { blocks, bsize } = await statfs(this.#options.folder);
    return Math.floor(blocks * bsize * DEFAULT_SHARE);
  }

  async #findRoom(room: Room, limitBytes: number): Promise<RoomFound> {
    const entries = await this.#entries();
    const { blocks, bavail, bsize } = await statfs(this.#options.folder);
    // The journal and the running jobs' output need some as well.
    const reserveBytes = Math.min(MAX_RESERVE_BYTES, blocks * bsize * RESERVE_SHARE);
    const shortBytes = Math.max(0, Math.ceil(room.diskBytes + reserveBytes - bavail * bsize));
    return findRoom({ entries, limitBytes, neededBytes: room.cacheBytes, shortBytes });
  }

  async #entries(): Promise<CacheEntry[]> {
    const inUse = await this.#options.inUse();
    const entries: CacheEntry[] = [];
    for (const shelf of SHELVES) {
      for (const { name, bytes, usedAt } of await this.shelves[shelf].list()) {
        const key = `${shelf}/${name}`;
        entries.push({ key, bytes, usedAt, inUse: inUse.has(key) || this.#held.has(key) });
      }
    }
    return entries;
  }

  /** Waits for what it removes: the room is needed now. */
  async #evict(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const [shelf, name = ''] = key.split('/');
      const trashed = await moveInto(this.#trash, this.shelves[shelf as ShelfName].path(name));
      if (trashed !== null) await this.#removeNow([trashed]);
    }
  }

  /** A folder of the cache's own that is not wanted any more; in the background. */
  async drop(folder: string): Promise<void> {
    const trashed = await moveInto(this.#trash, folder);
    if (trashed !== null) this.#remove([trashed]);
  }

  #remove(folders: readonly string[]): void {
    // What stays is found again at the next start.
    if (folders.length > 0) this.#removeNow(folders).catch(() => undefined);
  }

  async #removeNow(folders: readonly string[]): Promise<void> {
    const { signal } = new AbortController();
    for (const folder of folders) await this.stager.run({ type: 'remove', folder }, { signal });
    const sweep = this.#sweep(signal).finally(() => this.#sweeps.delete(sweep));
    this.#sweeps.add(sweep);
    await sweep;
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const wanted = [...this.#wantedBlobs.keys()];
    await this.stager.run({ type: 'sweep', folder: this.blobs, wanted }, { signal });
  }

  async #pause(signal: AbortSignal): Promise<void> {
    await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function neverFits(room: Room, limitBytes: number): PlatformError {
  const [needs, holds] = [formatBytes(room.cacheBytes), formatBytes(limitBytes)];
  return new PlatformError(
    'unsatisfiable',
    `The ${room.what} needs ${needs}, and the cache of the node holds at most ${holds} (BATON_CACHE_BYTES).`,
  );
}

function counted(counts: Map<string, number>, key: string): () => void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  return () => {
    const left = (counts.get(key) ?? 1) - 1;
    if (left > 0) counts.set(key, left);
    else counts.delete(key);
  };
}

/** At once, so that nothing half removed is ever taken for whole; null if it was not there. */
async function moveInto(trash: string, folder: string): Promise<string | null> {
  const to = join(trash, randomUUID());
  return rename(folder, to).then(
    () => to,
    () => null,
  );
}

async function childrenOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).map((name) => join(folder, name));
}
