// The node's lease where the guards beside its attempts read it: "<second of this boot until which it holds> <boot id>".
import { renameSync, writeFileSync } from 'node:fs';
import type { NodeLease } from '../../app/ports.ts';
import { bootId, uptimeMs } from '../process/proc.ts';

export class LeaseFile implements NodeLease {
  readonly #path: string;
  readonly #bootId = bootId();
  #untilMs: number | null = null;
  /** Without such attempts the disk is left alone. */
  #isNeeded = false;

  constructor(path: string) {
    this.#path = path;
  }

  renew(untilMs: number): void {
    this.#untilMs = untilMs;
    if (this.#isNeeded) this.#write(untilMs);
  }

  need(): void {
    if (this.#isNeeded) return;
    this.#isNeeded = true;
    if (this.#untilMs !== null) this.#write(this.#untilMs);
  }

  /** Never read half written. Not made durable: after a power cut nothing runs that it could be about. */
  #write(untilMs: number): void {
    writeFileSync(`${this.#path}.new`, `${Math.floor(untilMs / 1_000)} ${this.#bootId}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  monotonic(): number {
    return uptimeMs();
  }
}
