// All that watches one attempt's output: two shippers and the metric reader; and what the end's record needs of them.
import type { MetricValues } from '@baton/contracts';
import type { AttemptKey } from '../domain/journal.ts';
import { lastLines, MAX_BYTES } from '../domain/last-lines.ts';
import { Redactor } from '../domain/redaction.ts';
import { MetricReader } from './metric-reader.ts';
import { OutputShipper } from './output-shipper.ts';
import {
  type Clock,
  type OutputFiles,
  type OutputName,
  OUTPUTS,
  type Progress,
  type Reporter,
  type Sinks,
} from './ports.ts';

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
}

export class Observers {
  readonly #parts: ObserverParts;
  readonly #key: AttemptKey;
  readonly #redactor: Redactor;
  readonly #shippers: readonly OutputShipper[];
  readonly #metrics: MetricReader;
  /** Resolves true when everything has been shipped. */
  readonly done: Promise<boolean>;

  constructor(parts: ObserverParts, key: AttemptKey, secrets: readonly string[]) {
    this.#parts = parts;
    this.#key = key;
    this.#redactor = new Redactor(secrets);
    this.#shippers = OUTPUTS.map((output) => new OutputShipper({ ...parts, key, output, redactor: this.#redactor }));
    this.#metrics = new MetricReader({ ...parts, key });
    this.done = Promise.all([...this.#shippers, this.#metrics].map((one) => one.run())).then((all) =>
      all.every(Boolean),
    );
  }

  stop(): void {
    for (const one of [...this.#shippers, this.#metrics]) one.stop();
  }

  /** Ships what is left, within a bound: the next job must not wait for a stream that is down. It goes on afterwards. */
  async finish(): Promise<{ lastLines: string[]; finalMetrics: MetricValues }> {
    for (const one of [...this.#shippers, this.#metrics]) one.end();
    await this.#shipped();
    const [stdout, stderr] = await Promise.all(OUTPUTS.map((output) => this.#tail(output)));
    const empty = Buffer.alloc(0);
    return {
      lastLines: lastLines({ stdout: stdout ?? empty, stderr: stderr ?? empty }),
      finalMetrics: await this.#metrics.finals(),
    };
  }

  redact(text: string): string {
    return this.#redactor.redactText(text);
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
