// How good forecasts were: the newest that came true or not, as the median error, how often the range held, and how wide it was. Pure.
import type { TimeRangeMs } from './distribution.ts';

const MOST = 1_000;

export interface ForecastFigures {
  /** So many forecasts are counted: the newest. */
  readonly jobs: number;
  /** Null where there are none. */
  readonly medianAbsoluteErrorMs: number | null;
  /** The same, as a part of what was forecast. */
  readonly medianRelativeError: number | null;
  /** Of so many it was said how sure the range was. */
  readonly ranges: number;
  /** How many of those held, as a part of them; null where there are none, as is the next. */
  readonly coverage: number | null;
  readonly medianWidthMs: number | null;
}

interface Result {
  readonly errorMs: number;
  readonly relative: number;
  /** Null: nothing was said of how sure it was. */
  readonly range: { readonly isWithin: boolean; readonly widthMs: number } | null;
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

  /** What was forecast, and what it came to, both counted from when the forecast was made; whether it was said how sure it is. */
  add({ lowMs, medianMs, highMs }: TimeRangeMs, actualMs: number, isSure: boolean): void {
    const errorMs = Math.abs(actualMs - medianMs);
    const relative = errorMs / Math.max(1, medianMs);
    const isWithin = actualMs >= lowMs && actualMs <= highMs;
    this.#results[this.#next] = { errorMs, relative, range: isSure ? { isWithin, widthMs: highMs - lowMs } : null };
    this.#next = (this.#next + 1) % MOST;
  }

  figures(): ForecastFigures {
    const ranges = this.#results.flatMap(({ range }) => range ?? []);
    return {
      jobs: this.#results.length,
      medianAbsoluteErrorMs: median(this.#results.map(({ errorMs }) => errorMs)),
      medianRelativeError: median(this.#results.map(({ relative }) => relative)),
      ranges: ranges.length,
      coverage: ranges.length === 0 ? null : ranges.filter(({ isWithin }) => isWithin).length / ranges.length,
      medianWidthMs: median(ranges.map(({ widthMs }) => widthMs)),
    };
  }
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
