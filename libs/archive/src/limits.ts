// What an archive may unpack to, and the gauge that watches over it.
import { PlatformError } from '@baton/errors';

export interface Limits {
  /** Entries of all archives together, folders included. */
  readonly maxFiles: number;
  /** Bytes of all files together. */
  readonly maxBytes: number;
  /** Unpacked bytes for one packed byte. Deflate reaches 1032, on nothing but repetition. */
  readonly maxRatio: number;
  /** Below this many unpacked bytes any ratio is fine. */
  readonly ratioFromBytes: number;
}

const MIB = 1024 ** 2;

export const DEFAULT_LIMITS: Limits = {
  maxFiles: 1_000_000,
  maxBytes: 1024 ** 4,
  maxRatio: 1000,
  ratioFromBytes: 100 * MIB,
};

/** Headers and padding of one entry of a tar, at most. */
const OVERHEAD_BYTES = 4096;

/** Counts what comes out of archives, and throws as soon as it is too much. */
export class Gauge {
  readonly #limits: Limits;
  #files = 0;
  #bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** An entry begins, or a plain file comes. */
  file(): void {
    this.#files += 1;
    const { maxFiles } = this.#limits;
    if (this.#files > maxFiles) throw tooLarge(`more than ${maxFiles} files`);
  }

  /** So many bytes of a file are to come: its header says so. */
  announced(bytes: number): void {
    this.#bytes += bytes;
    const { maxBytes } = this.#limits;
    if (this.#bytes > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`);
  }

  /** A check of one archive's ratio, to be called with each chunk that comes out. */
  expansionOf(packedBytes: number): (bytes: number) => void {
    const { maxRatio, ratioFromBytes, maxBytes, maxFiles } = this.#limits;
    let unpacked = 0;
    return (bytes) => {
      unpacked += bytes;
      if (unpacked > ratioFromBytes && unpacked > maxRatio * packedBytes) {
        throw new PlatformError('bad_archive', `The archive unpacks to more than ${maxRatio} times its size.`);
      }
      if (unpacked > maxBytes + maxFiles * OVERHEAD_BYTES) throw tooLarge(`more than ${maxBytes} bytes`);
    };
  }
}

function tooLarge(what: string): PlatformError {
  return new PlatformError('payload_too_large', `The upload unpacks to ${what}.`);
}
