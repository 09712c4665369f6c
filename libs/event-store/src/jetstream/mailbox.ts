// What a callback puts in, a loop takes out, in order; closing it ends the loop at once.

export class Mailbox<T> {
  #items: T[] = [];
  #closed = false;
  #wake: (() => void) | null = null;

  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    if (this.#closed) return;
    this.#items.push(item);
    this.#wake?.();
  }

  /** Drops what is in it and ends the taking. */
  close(): void {
    this.#closed = true;
    this.#items = [];
    this.#wake?.();
  }

  /** Everything that is there; waits while there is nothing. Empty once it is closed. */
  async takeAll(): Promise<readonly T[]> {
    if (this.#items.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    const taken = this.#items;
    this.#items = [];
    return taken;
  }
}
