// Where a node gets content from: the blob store's folder on the same machine, or the platform over HTTP.
/** Holds bytes back, so that staging leaves disk and network to the jobs that run. */
export interface Pace {
  /** Resolves when that many more bytes may be moved. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

export interface FetchOptions {
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
  /** To be asked before each piece of at most a few hundred KiB. */
  readonly pace: Pace;
}

export interface BlobSource {
  /** Whole content, for manifests. `not_found` if there is none, `unavailable` if it can't be had now. */
  read(digest: string, signal: AbortSignal): Promise<Buffer>;
  /**
   * Writes the blob to the file `into`. What that file holds already is the beginning that an earlier fetch left: a source that can
   * goes on after it (HTTP: `Range`), any other begins anew. The caller verifies the digest and gives the file its name; it calls
   * again, with the file removed, should the content be wrong. Errors as for `read`, and `storage_full`.
   */
  fetch(digest: string, into: string, options: FetchOptions): Promise<void>;
}

/** A source on this machine's own file systems: its files are linked or copied from where they are. */
export interface LocalSource {
  /** The blob's file, for reading only. It need not exist. */
  pathOf(digest: string): string;
}

export function isLocalSource<S extends BlobSource>(source: S): source is S & LocalSource {
  return 'pathOf' in source;
}
