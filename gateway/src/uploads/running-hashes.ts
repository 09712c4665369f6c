// SHA-256 of uploads while they are written. A hash's state can't be stored, so after a restart the file is read once at the end.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

const MAX_ENTRIES = 1_000;

interface Running {
  readonly hash: Hash;
  readonly offset: number;
}

export class RunningHashes {
  readonly #entries = new Map<string, Running>();

  /** The hash over all bytes before `offset`, to be continued; null if only the file can tell. */
  take(id: string, offset: number): Hash | null {
    const running = this.#entries.get(id);
    this.#entries.delete(id);
    if (running?.offset === offset) return running.hash;
    return offset === 0 ? createHash('sha256') : null;
  }

  keep(id: string, offset: number, hash: Hash): void {
    this.#entries.set(id, { hash, offset });
    const oldest = this.#entries.size > MAX_ENTRIES ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  drop(id: string): void {
    this.#entries.delete(id);
  }

  /** Of the whole file, which has `length` bytes. */
  async digest(id: string, path: string, length: number): Promise<string> {
    const running = this.take(id, length);
    if (running && length > 0) return running.digest('hex');
    const hash = createHash('sha256');
    await pipeline(createReadStream(path, { highWaterMark: 1_048_576 }), hash);
    return hash.digest('hex');
  }
}
