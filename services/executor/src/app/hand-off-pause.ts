// After a hand-off the processor is the next job's: whatever else the agent has to do waits until that has begun.

/** A process start on a busy server, and that of the first process that it starts. */
const PAUSE_MS = 10;

export class HandOffPause {
  #over: Promise<void> | null = null;

  /** A job was let go just now. */
  begin(): void {
    const over = new Promise<void>((resolve) => setTimeout(resolve, PAUSE_MS)).then(() => {
      if (this.#over === over) this.#over = null;
    });
    this.#over = over;
  }

  /** Resolves when it is over; at once where nothing was handed on. */
  get over(): Promise<void> {
    return this.#over ?? Promise.resolve();
  }
}
