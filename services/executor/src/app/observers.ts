// All that watches one attempt: two shippers, the metric reader, the sampler; and what the end's record needs of them.
import type { AttemptOutput } from '@baton/contracts';
import type { AttemptKey } from '../domain/journal.ts';
import { lastLines, MAX_BYTES } from '../domain/last-lines.ts';
import { Redactor } from '../domain/redaction.ts';
import type { ChunkBuffers } from './chunk-buffers.ts';
import { MaskedOutput } from './masked-output.ts';
import { type MetricFinals, MetricReader } from './metric-reader.ts';
import { OutputShipper } from './output-shipper.ts';
import {
  type Clock,
  type OutputFiles,
  type OutputName,
  OUTPUTS,
  type OutputStore,
  type Progress,
  type Reporter,
  type Sinks,
} from './ports.ts';
import { untilReached } from './until-reached.ts';
import type { UsageSampler } from './usage-sampler.ts';

/** How long the record of an end waits for the streams; a dead one gets less. */
const SHIP_MS = 10_000;
const SHIP_FAILING_MS = 500;
const LOOK_MS = 50;
const TAIL_BYTES = 4 * MAX_BYTES;

export interface ObserverParts {
  readonly files: OutputFiles;
  readonly progress: Progress;
  readonly sinks: Sinks;
  readonly reporter: Reporter;
  readonly clock: Clock;
  /** For what is handed to the stream; given back when that has it. */
  readonly buffers: ChunkBuffers;
  /** For what is only read: nobody has to wait for the stream. */
  readonly scratch: ChunkBuffers;
  readonly outputs: OutputStore;
  readonly usage: UsageSampler;
}

export interface Observed extends MetricFinals {
  readonly lastLines: string[];
  /** Undefined if it could not be stored: then the stream alone has it. */
  readonly output: AttemptOutput | undefined;
}

export class Observers {
  readonly #parts: ObserverParts;
  readonly #key: AttemptKey;
  readonly #redactor: Redactor;
  readonly #shippers: readonly OutputShipper[];
  readonly #metrics: MetricReader;
  readonly #unwatch: () => void;
  /** Resolves true when everything has been shipped. */
  readonly done: Promise<boolean>;

  constructor(parts: ObserverParts, key: AttemptKey, secrets: readonly string[]) {
    this.#parts = parts;
    this.#key = key;
    this.#redactor = new Redactor(secrets);
    this.#shippers = OUTPUTS.map((output) => new OutputShipper({ ...parts, key, output, redactor: this.#redactor }));
    this.#metrics = new MetricReader({ ...parts, key });
    this.#unwatch = parts.usage.watch(key, (values) => this.#metrics.add(values));
    this.done = Promise.all([...this.#shippers, this.#metrics].map((one) => one.run())).then((all) =>
      all.every(Boolean),
    );
  }

  stop(): void {
    this.#unwatch();
    for (const one of [...this.#shippers, this.#metrics]) one.stop();
  }

  /**
   * Ships what is left, within a bound: the record must not wait for a stream that is down. It goes on afterwards. A store that
   * can't be reached is waited for until `signal` says stop.
   */
  async finish(signal: AbortSignal): Promise<Observed> {
    this.#unwatch();
    for (const one of [...this.#shippers, this.#metrics]) one.end();
    const [output] = await Promise.all([this.#store(signal), this.#shipped()]);
    const [stdout, stderr] = await Promise.all(OUTPUTS.map((name) => this.#tail(name)));
    const empty = Buffer.alloc(0);
    return {
      lastLines: lastLines({ stdout: stdout ?? empty, stderr: stderr ?? empty }),
      ...(await this.#metrics.finals()),
      output,
    };
  }

  redact(text: string): string {
    return this.#redactor.redactText(text);
  }

  /** Both outputs whole, as long as artifacts are kept: the stream forgets. */
  async #store(signal: AbortSignal): Promise<AttemptOutput | undefined> {
    const { reporter } = this.#parts;
    const onWait = (error: unknown): void =>
      reporter.warn({ ...this.#key, error: String(error) }, 'the output can not be stored now; it will be');
    const store = (output: OutputName) => untilReached(() => this.#storeOne(output), { signal, onWait });
    try {
      return { stdout: await store('stdout'), stderr: await store('stderr') };
    } catch (error) {
      reporter.warn({ ...this.#key, error: String(error) }, 'the output could not be stored; the stream has it');
      return undefined;
    }
  }

  async #storeOne(output: OutputName): Promise<AttemptOutput[OutputName]> {
    const { files, outputs, scratch } = this.#parts;
    if ((await files.size(this.#key, output)) === 0) return null;
    const masked = new MaskedOutput({ key: this.#key, output, files, redactor: this.#redactor });
    const { digest, sizeBytes } = await scratch.lend((buffer) => outputs.put(masked.whole(buffer)));
    return { digest, sizeBytes };
  }

  async #shipped(): Promise<void> {
    let done = false;
    const finished = this.done.then(() => {
      done = true;
    });
    const since = performance.now();
    while (!done) {
      const failing = [...this.#shippers, this.#metrics].some((one) => one.isFailing);
      if (performance.now() - since > (failing ? SHIP_FAILING_MS : SHIP_MS)) return;
      await Promise.race([finished, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
    }
  }

  /** The end of an output, masked before it is cut, so that no piece of a secret stays at the cut. */
  async #tail(output: OutputName): Promise<Buffer> {
    const { files } = this.#parts;
    const context = this.#redactor.longestBytes;
    const size = await files.size(this.#key, output);
    const from = Math.max(0, size - TAIL_BYTES - context);
    const bytes = this.#redactor.redact(await files.read(this.#key, output, from, TAIL_BYTES + context));
    return from === 0 ? bytes : bytes.subarray(context);
  }
}
