// Whether processes of this node stand still for want of its disks, as the kernel counts it (Linux, pressure stall information).
import { readFileSync } from 'node:fs';

const LOOK_MS = 200;
/** Shares of the time in which some process waited for a disk. */
const HIGH = 0.25;
const LOW = 0.1;

export class DiskPressure {
  readonly #file: string;
  #isHigh = false;
  #lookedAt = performance.now();
  #stalledMs: number | null;

  constructor(file = '/proc/pressure/io') {
    this.#file = file;
    this.#stalledMs = this.#read();
  }

  /** Of the time since the last look; once high, it stays so until it is low. False where the kernel does not count it. */
  isHigh(): boolean {
    const elapsedMs = performance.now() - this.#lookedAt;
    if (elapsedMs < LOOK_MS) return this.#isHigh;
    const before = this.#stalledMs;
    this.#lookedAt += elapsedMs;
    this.#stalledMs = this.#read();
    if (before === null || this.#stalledMs === null) return false;
    this.#isHigh = (this.#stalledMs - before) / elapsedMs > (this.#isHigh ? LOW : HIGH);
    return this.#isHigh;
  }

  #read(): number | null {
    try {
      const total = /^some .*total=(\d+)/m.exec(readFileSync(this.#file, 'utf8'))?.[1];
      return total === undefined ? null : Number(total) / 1_000;
    } catch {
      return null;
    }
  }
}
