// The metrics of one attempt over all its output: points with sequence numbers, and the last value of each name.
import type { MetricPoint, MetricValues } from '@baton/contracts';
import { epochLine, lineMetrics } from './metric-lines.ts';

/** More names than this are noise, and would swell the end's event. */
const MAX_FINAL_NAMES = 100;
/** A message is a JSON array of points. */
const SEPARATOR_BYTES = 1;

/** What must survive a restart of the agent. */
export interface SeriesState {
  readonly nextSeq: number;
  readonly epoch: number | null;
  readonly finals: MetricValues;
  /** Of all points, as they are sent. Absent in what an earlier version saved. */
  readonly sizeBytes?: number;
}
export const emptySeries: SeriesState = { nextSeq: 0, epoch: null, finals: {} };

export class MetricSeries {
  #nextSeq: number;
  #epoch: number | null;
  readonly #finals: Map<string, number>;
  #sizeBytes: number;

  constructor(state: SeriesState = emptySeries) {
    this.#nextSeq = state.nextSeq;
    this.#epoch = state.epoch;
    this.#finals = new Map(Object.entries(state.finals));
    this.#sizeBytes = state.sizeBytes ?? 0;
  }

  /** Reads one line; gives its point, if it holds metrics. */
  read(line: string, at: number): MetricPoint | null {
    const announced = epochLine(line);
    if (announced) this.#epoch = announced.epoch;
    const found = announced ? null : lineMetrics(line);
    if (!found) return null;
    for (const [name, value] of found.values) {
      if (this.#finals.size < MAX_FINAL_NAMES || this.#finals.has(name)) this.#finals.set(name, value);
    }
    const step = found.step ?? this.#epoch;
    return this.#add({
      seq: this.#nextSeq,
      at,
      ...(step === null ? {} : { step }),
      values: Object.fromEntries(found.values),
    });
  }

  /** A point that was measured, not printed: it has no step, and no end's record holds it. */
  measured(values: MetricValues, at: number): MetricPoint {
    return this.#add({ seq: this.#nextSeq, at, values });
  }

  #add(point: MetricPoint): MetricPoint {
    this.#nextSeq += 1;
    this.#sizeBytes += Buffer.byteLength(JSON.stringify(point)) + SEPARATOR_BYTES;
    return point;
  }

  get state(): SeriesState {
    const finals = Object.fromEntries(this.#finals);
    return { nextSeq: this.#nextSeq, epoch: this.#epoch, finals, sizeBytes: this.#sizeBytes };
  }
}
