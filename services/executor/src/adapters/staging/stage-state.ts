// What the agent and a staging thread share about one operation: how far it is, and whether it is to stop.

const STOP = 2;

export class StageState {
  readonly memory: SharedArrayBuffer;
  readonly #bytes: BigInt64Array;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.#bytes = new BigInt64Array(memory, 0, 1);
    this.#words = new Int32Array(memory);
  }

  get passedBytes(): number {
    return Number(Atomics.load(this.#bytes, 0));
  }

  count(bytes: number): void {
    Atomics.add(this.#bytes, 0, BigInt(bytes));
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    Atomics.notify(this.#words, STOP);
  }

  /** Blocks the thread; a stop ends the wait. */
  wait(ms: number): void {
    Atomics.wait(this.#words, STOP, 0, ms);
  }
}
