// Waiting that can be cut short: a loop sleeps, and whoever has news for it wakes it.
export class Nudge {
  #wake: (() => void) | null = null;
  #pending = false;

  /** Resolves after `ms`, or at once when woken, also if that was just before. */
  wait(ms: number): Promise<void> {
    if (this.#pending) {
      this.#pending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }

  wake(): void {
    if (this.#wake) this.#wake();
    else this.#pending = true;
  }
}
