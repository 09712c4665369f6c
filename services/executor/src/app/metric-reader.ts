// Reads the metrics of one attempt out of both its outputs, publishes the points, and keeps the last values.
import type { MetricPoint, MetricValues } from '@baton/contracts';
import type { AttemptKey } from '../domain/journal.ts';
import { LineSplitter } from '../domain/line-splitter.ts';
import { METRIC_HINT } from '../domain/metric-lines.ts';
import { MetricSeries } from '../domain/metric-series.ts';
import type { ChunkBuffers } from './chunk-buffers.ts';
import { Nudge } from './nudge.ts';
import {
  type Clock,
  type MetricProgress,
  type OutputFiles,
  type OutputName,
  OUTPUTS,
  type Progress,
  type Reporter,
  type Sinks,
} from './ports.ts';

/** A restart reads again what was read since, and finds the same. */
const SAVE_EVERY_MS = 1_000;
const POLL_MS = 100;
const QUIET_POLL_MS = 300;
const RETRY_MS = 1_000;
/** Keeps a message below the server's smallest usual limit of 1 MB. */
const MESSAGE_BYTES = 512 * 1024;
const POINT_BYTES = 60;
const VALUE_BYTES = 90;

export interface MetricReaderParts {
  readonly key: AttemptKey;
  readonly files: OutputFiles;
  readonly progress: Progress;
  readonly sinks: Sinks;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly scratch: ChunkBuffers;
}

/** Where reading stands in one output. `lineStart` is where a restart goes on: lines are never split by it. */
class Cursor {
  readonly splitter = new LineSplitter();
  offset: number;
  lineStart: number;
  constructor(offset: number) {
    this.offset = offset;
    this.lineStart = offset;
  }
}

interface OutputReading {
  readonly cursor: Cursor;
  readonly output: OutputName;
  readonly series: MetricSeries;
}

export interface MetricFinals {
  readonly finalMetrics: MetricValues;
  /** Of all points, as they are sent. */
  readonly metricsBytes: number;
  /** How many have been numbered. */
  readonly points: number;
}

export class MetricReader {
  readonly #parts: MetricReaderParts;
  readonly #nudge = new Nudge();
  #series = new MetricSeries();
  #cursors: Record<OutputName, Cursor> = { stdout: new Cursor(0), stderr: new Cursor(0) };
  #unsent: MetricPoint[] = [];
  #measured: MetricValues[] = [];
  #savedAt = Number.NEGATIVE_INFINITY;
  #ended = false;
  #stopped = false;
  #failing = false;

  constructor(parts: MetricReaderParts) {
    this.#parts = parts;
  }

  /** The stream does not take points now. */
  get isFailing(): boolean {
    return this.#failing;
  }

  /** Values from elsewhere than the output; published with the rest, and numbered with it. */
  add(values: MetricValues): void {
    if (!this.#ended) this.#measured.push(values);
  }

  end(): void {
    this.#ended = true;
    this.#nudge.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#nudge.wake();
  }

  /** Resolves true when all was read and published after `end`, false when stopped before. */
  async run(): Promise<boolean> {
    this.#restore(await this.#parts.progress.loadMetrics(this.#parts.key));
    let quiet = 0;
    while (!this.#stopped) {
      const ended = this.#ended;
      const read = await this.#round(ended);
      await this.#publish();
      if (read > 0) quiet = 0;
      else if (ended) return true;
      else await this.#nudge.wait((quiet += 1) > 10 ? QUIET_POLL_MS : POLL_MS);
    }
    return false;
  }

  /** The last value of each name, and how many points there are, with their size; reads by itself what a stream that does not answer has kept it from. */
  async finals(): Promise<MetricFinals> {
    const series = new MetricSeries(this.#series.state);
    for (const output of OUTPUTS) {
      const cursor = new Cursor(this.#cursors[output].lineStart);
      const reading = { cursor, output, series };
      while ((await this.#read(reading, () => undefined)) > 0);
      if (!cursor.splitter.isEmpty) series.read(cursor.splitter.flush(), 0);
    }
    const { finals, nextSeq, sizeBytes = 0 } = series.state;
    return { finalMetrics: finals, metricsBytes: sizeBytes, points: nextSeq + this.#measured.length };
  }

  #restore(saved: MetricProgress | null): void {
    if (!saved) return;
    this.#series = new MetricSeries(saved.series);
    this.#cursors = { stdout: new Cursor(saved.offsets.stdout), stderr: new Cursor(saved.offsets.stderr) };
    this.#unsent = [...saved.unsent];
  }

  async #round(ended: boolean): Promise<number> {
    let total = 0;
    const take = (point: MetricPoint) => this.#unsent.push(point);
    for (const values of this.#measured.splice(0)) take(this.#series.measured(values, this.#parts.clock()));
    for (const output of OUTPUTS) {
      const cursor = this.#cursors[output];
      const read = await this.#read({ cursor, output, series: this.#series }, take);
      if (read === 0 && ended && !cursor.splitter.isEmpty) this.#finish(cursor);
      total += read;
    }
    const isDue = total > 0 && performance.now() - this.#savedAt > SAVE_EVERY_MS;
    if (isDue || this.#unsent.length > 0) await this.#save();
    return total;
  }

  /** The last line may have no line feed. */
  #finish(cursor: Cursor): void {
    const point = this.#series.read(cursor.splitter.flush(), this.#parts.clock());
    cursor.lineStart = cursor.offset;
    if (point) this.#unsent.push(point);
  }

  async #read(reading: OutputReading, take: (point: MetricPoint) => void): Promise<number> {
    const { files, key, scratch } = this.#parts;
    const { cursor, output } = reading;
    if ((await files.size(key, output)) <= cursor.offset) return 0;
    return scratch.lend(async (buffer) => {
      const bytes = await files.readInto(key, output, cursor.offset, buffer);
      this.#take(bytes, reading, take);
      return bytes.length;
    });
  }

  #take(bytes: Buffer, { cursor, series }: OutputReading, take: (point: MetricPoint) => void): void {
    const { clock } = this.#parts;
    const at = clock();
    for (const line of cursor.splitter.push(bytes, METRIC_HINT)) {
      const point = series.read(line, at);
      if (point) take(point);
    }
    const lastFeed = bytes.lastIndexOf(0x0a);
    if (lastFeed >= 0) cursor.lineStart = cursor.offset + lastFeed + 1;
    cursor.offset += bytes.length;
  }

  /** Before publishing: after a restart the same points go out again under the same numbers. */
  #save(): Promise<void> {
    this.#savedAt = performance.now();
    const offsets = { stdout: this.#cursors.stdout.lineStart, stderr: this.#cursors.stderr.lineStart };
    return this.#parts.progress.saveMetrics(this.#parts.key, {
      offsets,
      series: this.#series.state,
      unsent: this.#unsent,
    });
  }

  async #publish(): Promise<void> {
    const { key, sinks, reporter } = this.#parts;
    while (this.#unsent.length > 0 && !this.#stopped) {
      try {
        const count = oneMessage(this.#unsent);
        await sinks.publishMetrics(key, this.#unsent.slice(0, count));
        this.#failing = false;
        this.#unsent = this.#unsent.slice(count);
      } catch (error) {
        if (!this.#failing)
          reporter.warn({ ...key, error: String(error) }, 'the metric stream does not take points; they are kept');
        this.#failing = true;
        await this.#nudge.wait(RETRY_MS);
      }
    }
  }
}

/** How many of the first points surely fit into one message. */
function oneMessage(points: readonly MetricPoint[]): number {
  let bytes = 0;
  const over = points.findIndex((point) => {
    bytes += POINT_BYTES + VALUE_BYTES * Object.keys(point.values).length;
    return bytes > MESSAGE_BYTES;
  });
  return over < 0 ? points.length : Math.max(1, over);
}
