// What leaves a node's cache when room is needed: the least recently used first, and never what an attempt uses.

export interface CacheEntry {
  readonly key: string;
  readonly bytes: number;
  /** When it was last asked for, ms. */
  readonly usedAt: number;
  /** An attempt of the node's journal names it, or one is being prepared with it. */
  readonly inUse: boolean;
}

export interface RoomWanted {
  readonly entries: readonly CacheEntry[];
  /** What all entries together may take. */
  readonly limitBytes: number;
  /** What is about to come in. */
  readonly neededBytes: number;
  /** How much must come free on the disk, whatever the limit says; 0 if there is room. */
  readonly shortBytes: number;
}

export type RoomFound =
  | { readonly fits: true; readonly evict: readonly string[] }
  /** Not even without everything that is not in use: then nothing is thrown away for it. */
  | { readonly fits: false; readonly missingBytes: number };

export function findRoom({ entries, limitBytes, neededBytes, shortBytes }: RoomWanted): RoomFound {
  const total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const toFree = Math.max(total + neededBytes - limitBytes, shortBytes);
  const candidates = entries.filter((entry) => !entry.inUse).toSorted(byLastUse);
  const evict: string[] = [];
  let freed = 0;
  for (const { key, bytes } of candidates) {
    if (freed >= toFree) break;
    evict.push(key);
    freed += bytes;
  }
  return freed >= toFree ? { fits: true, evict } : { fits: false, missingBytes: toFree - freed };
}

/** By key where the times are equal, so that the answer never depends on the order of a folder's listing. */
function byLastUse(a: CacheEntry, b: CacheEntry): number {
  return a.usedAt - b.usedAt || (a.key < b.key ? -1 : 1);
}
