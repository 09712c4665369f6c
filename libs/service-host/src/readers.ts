// Reads that wait until all that had arrived before them is written.

interface Reader {
  readonly position: number;
  readonly resolve: () => void;
}

export class Readers {
  readonly #waiting = new Set<Reader>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves when the read is let go. */
  wait(position: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.add({ position, resolve }));
  }

  /** Those that wait for no more than this; without it all. */
  letGo(written = Number.POSITIVE_INFINITY): void {
    for (const reader of this.#waiting) {
      if (reader.position > written) continue;
      this.#waiting.delete(reader);
      reader.resolve();
    }
  }
}
