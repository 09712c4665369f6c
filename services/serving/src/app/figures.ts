// Counts and times of a model's inferences, as the statistics extension of the protocol shows them.
import type { BatchReport } from './batcher.ts';

export interface Duration {
  readonly count: number;
  readonly ns: number;
}
export interface BatchSizeFigures {
  readonly requests: number;
  readonly runs: Duration;
}

export class InferenceFigures {
  lastAt = 0;
  /** Requests, and runs of the model: their ratio is the mean batch. */
  requests = 0;
  rows = 0;
  runs = 0;
  failed = 0;
  queueMs = 0;
  /** Summed over requests: a batch's time counts for each of its members. */
  computeMs = 0;
  readonly #sizes = new Map<number, { count: number; ms: number }>();

  add(report: BatchReport, at: number): void {
    this.lastAt = at;
    this.requests += report.requests;
    this.rows += report.rows;
    this.runs += 1;
    this.failed += report.failed;
    this.queueMs += report.queueMs;
    this.computeMs += report.runMs * report.requests;
    const size = this.#sizes.get(report.requests) ?? { count: 0, ms: 0 };
    this.#sizes.set(report.requests, { count: size.count + 1, ms: size.ms + report.runMs });
  }

  /** By the number of requests that ran together, smallest first. */
  get batches(): BatchSizeFigures[] {
    return [...this.#sizes]
      .toSorted(([left], [right]) => left - right)
      .map(([requests, { count, ms }]) => ({ requests, runs: { count, ns: Math.round(ms * 1e6) } }));
  }
}
