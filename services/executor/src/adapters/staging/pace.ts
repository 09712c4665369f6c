// One budget of bytes a second for everything that is staged on this node, shared by all threads.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pace } from '../../app/blob-source.ts';

const NEXT = 0;
const RATE = 1;
const NS_PER_S = 1_000_000_000n;

/** Lies in shared memory: when the next byte may move (monotonic clock, ns), and bytes a second, 0 for no bound. */
export class SharedPace implements Pace {
  readonly memory: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.#words = new BigInt64Array(memory);
  }

  /** `null`: no bound. What has a place in line already keeps it. */
  set(bytesPerSecond: number | null): void {
    Atomics.store(this.#words, RATE, BigInt(Math.round(bytesPerSecond ?? 0)));
  }

  /** Takes the next place in line; gives how long to wait for it, ms. */
  reserve(bytes: number): number {
    for (;;) {
      const rate = Atomics.load(this.#words, RATE);
      if (rate <= 0n) return 0;
      const now = process.hrtime.bigint();
      const next = Atomics.load(this.#words, NEXT);
      const start = next > now ? next : now;
      const after = start + (BigInt(bytes) * NS_PER_S) / rate;
      if (Atomics.compareExchange(this.#words, NEXT, next, after) === next) return Number(start - now) / 1e6;
    }
  }

  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const waitMs = this.reserve(bytes);
    if (waitMs >= 1) await sleep(waitMs, undefined, { signal });
  }
}
