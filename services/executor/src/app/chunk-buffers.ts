// The memory that output passes through: one bounded set of buffers for all attempts of the node. New ones for each attempt would
// have the collector look at the whole heap several times a second, while the next job waits to be let go.

/** Longer than any secret, and well below what nats-server takes in one message. */
const CHUNK_BYTES = 512 * 1024;
/** One output keeps at most four under way; more let a quiet output pass while a loud one waits. Made only when they are needed. */
const COUNT = 8;

export class ChunkBuffers {
  readonly chunkBytes: number;
  readonly #free: Buffer[] = [];
  readonly #waiting: ((buffer: Buffer) => void)[] = [];
  /** How many may still be made. */
  #unmade: number;

  constructor(chunkBytes = CHUNK_BYTES, count = COUNT) {
    this.chunkBytes = chunkBytes;
    this.#unmade = count;
  }

  /** For as long as `work` takes. */
  async lend<T>(work: (buffer: Buffer) => Promise<T>): Promise<T> {
    const buffer = await this.acquire();
    try {
      return await work(buffer);
    } finally {
      this.release(buffer);
    }
  }

  /** In the order of asking. */
  async acquire(): Promise<Buffer> {
    const ready = this.#free.pop() ?? this.#make();
    return ready ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(buffer: Buffer): void {
    const next = this.#waiting.shift();
    if (next) next(buffer);
    else this.#free.push(buffer);
  }

  /** Somebody may still read from it: another one takes its place. */
  abandon(): void {
    this.#unmade += 1;
    const next = this.#waiting.shift();
    const made = next && this.#make();
    if (made) next(made);
  }

  #make(): Buffer | null {
    if (this.#unmade === 0) return null;
    this.#unmade -= 1;
    return Buffer.allocUnsafeSlow(this.chunkBytes);
  }
}
