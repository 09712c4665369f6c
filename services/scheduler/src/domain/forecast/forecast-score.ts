// How good forecasts were: the newest that came true or not, as the median error and how often the range held. Pure.
import type { TimeRangeMs } from './distribution.ts';

const MOST = 1_000;

export interface ForecastFigures {
  /** So many forecasts are counted: the newest. */
  readonly jobs: number;
  /** Null where there are none. */
  readonly medianAbsoluteErrorMs: number | null;
  /** The same, as a part of what was forecast. */
  readonly medianRelativeError: number | null;
  /** How many of them lay within the range, as a part of all. */
  readonly coverage: number | null;
}

interface Result {
  readonly errorMs: number;
  readonly relative: number;
  readonly isWithin: boolean;
}

export interface SavedScore {
  readonly results: readonly Result[];
  readonly next: number;
}

export class ForecastScore {
  readonly #results: Result[];
  #next: number;

  /** `saved`: goes on from there. */
  constructor({ results, next }: SavedScore = { results: [], next: 0 }) {
    this.#results = [...results];
    this.#next = next;
  }

  save(): SavedScore {
    return { results: [...this.#results], next: this.#next };
  }

  /** What was forecast, and what it came to, both counted from when the forecast was made. */
  add({ lowMs, medianMs, highMs }: TimeRangeMs, actualMs: number): void {
    const errorMs = Math.abs(actualMs - medianMs);
    const relative = errorMs / Math.max(1, medianMs);
    this.#results[this.#next] = { errorMs, relative, isWithin: actualMs >= lowMs && actualMs <= highMs };
    this.#next = (this.#next + 1) % MOST;
  }

  figures(): ForecastFigures {
    const jobs = this.#results.length;
    if (jobs === 0) return { jobs, medianAbsoluteErrorMs: null, medianRelativeError: null, coverage: null };
    return {
      jobs,
      medianAbsoluteErrorMs: median(this.#results.map(({ errorMs }) => errorMs)),
      medianRelativeError: median(this.#results.map(({ relative }) => relative)),
      coverage: this.#results.filter(({ isWithin }) => isWithin).length / jobs,
    };
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
