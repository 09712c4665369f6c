// The blob store's port: immutable content, named by its SHA-256.
import type { Readable } from 'node:stream';

export interface StoredBlob {
  /** SHA-256, lower-case hex. */
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface PutOptions {
  /** Refuses with `digest_mismatch` if the content has another digest. */
  readonly digest?: string;
  /** Refuses with `payload_too_large` past this many bytes. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface AdoptOptions {
  /** The caller has hashed exactly these bytes itself: they are not read again. */
  readonly verified?: boolean;
}

export interface ByteRange {
  /** First byte. */
  readonly start: number;
  /** Last byte, inclusive. */
  readonly end: number;
}

export interface BlobStore {
  /** Stores the content; durable (file and folder fsynced) when it resolves. Equal content is stored once. `storage_full` on ENOSPC. */
  put(content: AsyncIterable<Uint8Array> | Uint8Array, options?: PutOptions): Promise<StoredBlob>;
  /**
   * Takes a finished file of the same file system over by rename (or copy across file systems); it is gone from `path`
   * afterwards. `digest_mismatch`, with the file left alone, if it holds something else. Nobody may write to it any more.
   */
  adopt(path: string, digest: string, options?: AdoptOptions): Promise<StoredBlob>;
  /** `not_found` if there is none; `range_not_satisfiable` for a range that begins past the end. */
  open(digest: string, range?: ByteRange): Promise<Readable>;
  /** Whole content; for manifests and other small things. */
  read(digest: string): Promise<Buffer>;
  stat(digest: string): Promise<StoredBlob | null>;
  /** Copies the content to a new file (reflink where the file system can), never a link to it. `conflict` if `path` exists. */
  copyTo(digest: string, path: string, mode: number): Promise<void>;
}

/** What a store can do whose content is ever removed. */
export interface RemovableBlobs {
  /** When it was stored, or asked to be stored again; null if there is none. */
  storedAt(digest: string): Promise<number | null>;
  /** Removes it unless it was stored, or asked to be stored again, after that time. False: it was, and stays. */
  remove(digest: string, unlessAfter: number): Promise<boolean>;
}

/** What a store on this machine's own file system can do as well. */
export interface LocalBlobs {
  /** The blob's file, for reading only. It need not exist. */
  pathOf(digest: string): string;
}

export function isLocal<S extends BlobStore>(store: S): store is S & LocalBlobs {
  return 'pathOf' in store;
}
