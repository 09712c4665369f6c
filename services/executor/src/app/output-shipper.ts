// Ships one output of an attempt to the log stream, from the durable file, no faster than the stream takes it.
import type { ChunkBuffers } from './chunk-buffers.ts';
import { MaskedOutput, type MaskedOutputParts } from './masked-output.ts';
import { Nudge } from './nudge.ts';
import type { Progress, Reporter, Sinks } from './ports.ts';

/** So many chunks are under way at most. */
const WINDOW = 4;
const POLL_MS = 100;
const QUIET_POLL_MS = 300;
/** A restart ships again what was shipped since; readers leave it out. */
const SAVE_EVERY_MS = 500;
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000];

export interface ShipperParts extends MaskedOutputParts {
  readonly progress: Progress;
  readonly sinks: Sinks;
  readonly reporter: Reporter;
  readonly buffers: ChunkBuffers;
}

interface Flight {
  /** Where the output goes on after this chunk. */
  readonly end: number;
  state: 'under way' | 'stored' | 'refused';
}

/**
 * The stream holds an output in order: the first chunk after a start or a failure goes alone, and after a failure everything from
 * there on goes again. A reader therefore takes what continues, leaves out what it has seen, and passes over what came too early.
 */
export class OutputShipper {
  readonly #parts: ShipperParts;
  readonly #source: MaskedOutput;
  /** Woken when a chunk's fate is known. */
  readonly #landed = new Nudge();
  /** Woken when there is no time to gather more. */
  readonly #hurry = new Nudge();
  #flights: Flight[] = [];
  #window = 1;
  /** Up to here everything is in the stream. */
  #stored = 0;
  #sent = 0;
  #saved = 0;
  #savedAt = 0;
  #ended = false;
  #stopped = false;
  /** In a row. */
  #failures = 0;

  constructor(parts: ShipperParts) {
    this.#parts = parts;
    this.#source = new MaskedOutput(parts);
  }

  /** The stream does not take chunks now. */
  get isFailing(): boolean {
    return this.#failures > 0 || this.#wasRefused;
  }

  get #wasRefused(): boolean {
    return this.#flights.some((flight) => flight.state === 'refused');
  }

  /** The output is complete: ship what is left without waiting for more. */
  end(): void {
    this.#ended = true;
    this.#hurry.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#hurry.wake();
    this.#landed.wake();
  }

  /** Resolves true when all is shipped after `end`, false when stopped before. */
  async run(): Promise<boolean> {
    const { key, output, progress } = this.#parts;
    this.#stored = this.#sent = this.#saved = await progress.loadShipped(key, output);
    for (let quiet = 0; !this.#stopped;) {
      const ended = this.#ended;
      await this.#settle();
      if (this.#flights.length >= this.#window) await this.#landed.wait(QUIET_POLL_MS);
      else if (await this.#shipNext(ended)) quiet = 0;
      else if (this.#flights.length > 0) await this.#landed.wait(POLL_MS);
      else if (ended) return true;
      else await this.#hurry.wait((quiet += 1) > 10 ? QUIET_POLL_MS : POLL_MS);
    }
    return false;
  }

  /** False if there is nothing to ship. */
  async #shipNext(ended: boolean): Promise<boolean> {
    const { buffers } = this.#parts;
    if ((await this.#source.size()) <= this.#sent) return false;
    const buffer = await buffers.acquire();
    const bytes = await this.#source.read(this.#sent, buffer, ended);
    if (bytes.length === 0 || this.#stopped) {
      buffers.release(buffer);
      return false;
    }
    const isFull = bytes.length > buffers.chunkBytes / 2;
    this.#publish(bytes, buffer);
    // What comes in small pieces is gathered.
    if (!isFull && !this.#ended) await this.#hurry.wait(POLL_MS);
    return true;
  }

  #publish(bytes: Buffer, buffer: Buffer): void {
    const { key, output, sinks, buffers } = this.#parts;
    const flight: Flight = { end: this.#sent + bytes.length, state: 'under way' };
    this.#flights.push(flight);
    const stored = sinks.publishLog(key, { output, offset: this.#sent, bytes });
    this.#sent = flight.end;
    stored.then(
      () => {
        flight.state = 'stored';
        buffers.release(buffer);
        this.#landed.wake();
      },
      (error: unknown) => {
        this.#refused(flight, error);
        // The connection may still hold it.
        buffers.abandon();
        this.#landed.wake();
      },
    );
  }

  #refused(flight: Flight, error: unknown): void {
    const { key, output, reporter } = this.#parts;
    if (!this.isFailing)
      reporter.warn({ ...key, output, error: String(error) }, 'the log stream does not take output; it stays on disk');
    flight.state = 'refused';
  }

  /** Takes note of what has been stored; after a failure waits for all that is under way, and goes back to where it was. */
  async #settle(): Promise<void> {
    while (this.#flights[0]?.state === 'stored') {
      this.#stored = this.#flights.shift()?.end ?? this.#stored;
      this.#window = WINDOW;
      this.#failures = 0;
    }
    if (this.#wasRefused) await this.#goBack();
    await this.#save();
  }

  async #goBack(): Promise<void> {
    this.#failures += 1;
    while (!this.#stopped && this.#flights.some((flight) => flight.state === 'under way'))
      await this.#landed.wait(QUIET_POLL_MS);
    // Those before the first refusal have been stored; what lies behind it came too early, and counts for nothing.
    const upTo = this.#flights.findIndex((flight) => flight.state !== 'stored');
    this.#stored = this.#flights[upTo - 1]?.end ?? this.#stored;
    this.#flights = [];
    this.#sent = this.#stored;
    this.#window = 1;
    await this.#hurry.wait(RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1] ?? 0);
  }

  async #save(): Promise<void> {
    const { key, output, progress } = this.#parts;
    const now = performance.now();
    const isDue = this.#flights.length === 0 || now - this.#savedAt > SAVE_EVERY_MS;
    if (this.#stored === this.#saved || !isDue) return;
    await progress.saveShipped(key, output, this.#stored);
    this.#saved = this.#stored;
    this.#savedAt = now;
  }
}
