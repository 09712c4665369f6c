// Ships one output of an attempt to the log stream, from the durable file, no faster than the stream takes it.
import type { AttemptKey } from '../domain/journal.ts';
import type { Redactor } from '../domain/redaction.ts';
import { Nudge } from './nudge.ts';
import type { OutputFiles, OutputName, Progress, Reporter, Sinks } from './ports.ts';

const CHUNK_BYTES = 256 * 1024;
const POLL_MS = 100;
const QUIET_POLL_MS = 300;
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000];

export interface ShipperParts {
  readonly key: AttemptKey;
  readonly output: OutputName;
  readonly files: OutputFiles;
  readonly progress: Progress;
  readonly sinks: Sinks;
  readonly redactor: Redactor;
  readonly reporter: Reporter;
  /** Default 256 KiB; longer than any secret. */
  readonly chunkBytes?: number;
}

export class OutputShipper {
  readonly #parts: ShipperParts;
  readonly #nudge = new Nudge();
  #ended = false;
  #stopped = false;
  #failures = 0;
  #offset = 0;
  readonly #chunkBytes: number;

  constructor(parts: ShipperParts) {
    this.#parts = parts;
    this.#chunkBytes = parts.chunkBytes ?? CHUNK_BYTES;
  }

  /** The stream does not take chunks now. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** The output is complete: ship what is left without waiting for more. */
  end(): void {
    this.#ended = true;
    this.#nudge.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#nudge.wake();
  }

  /** Resolves true when all is shipped after `end`, false when stopped before. */
  async run(): Promise<boolean> {
    const { key, output, progress } = this.#parts;
    this.#offset = await progress.loadShipped(key, output);
    let quiet = 0;
    while (!this.#stopped) {
      const ended = this.#ended;
      const chunk = await this.#next(ended);
      if (chunk.length > 0) {
        quiet = 0;
        await this.#ship(chunk);
        if (chunk.length < this.#chunkBytes && !this.#ended) await this.#nudge.wait(POLL_MS);
      } else if (ended) return true;
      else {
        quiet += 1;
        await this.#nudge.wait(quiet > 10 ? QUIET_POLL_MS : POLL_MS);
      }
    }
    return false;
  }

  /** The bytes from the present offset on, secrets masked; bytes that may begin a secret wait for the next. */
  async #next(ended: boolean): Promise<Buffer> {
    const { key, output, files, redactor } = this.#parts;
    const context = Math.min(this.#offset, Math.max(0, redactor.longestBytes - 1));
    const raw = await files.read(key, output, this.#offset - context, context + this.#chunkBytes);
    const complete = ended && raw.length < context + this.#chunkBytes;
    const until = raw.length - (complete ? 0 : redactor.heldBack(raw));
    return until > context ? redactor.redact(raw).subarray(context, until) : Buffer.alloc(0);
  }

  async #ship(bytes: Buffer): Promise<void> {
    const { key, output, sinks, progress, reporter } = this.#parts;
    while (!this.#stopped) {
      try {
        await sinks.publishLog(key, { output, offset: this.#offset, bytes });
        this.#failures = 0;
        this.#offset += bytes.length;
        return await progress.saveShipped(key, output, this.#offset);
      } catch (error) {
        if (this.#failures === 0)
          reporter.warn(
            { ...key, output, error: String(error) },
            'the log stream does not take output; it stays on disk',
          );
        this.#failures += 1;
        await this.#nudge.wait(RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1] ?? 0);
      }
    }
  }
}
