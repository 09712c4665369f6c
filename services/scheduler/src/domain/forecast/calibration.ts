// Ranges moved so that they hold the truth as often as is said: by how far it lay outside of earlier ones. Pure.
import { CONFIDENCE, type TimeRangeMs } from './distribution.ts';
import { NewestValues } from './newest-values.ts';

/** Of each class of forecasts, the newest. */
const MOST = 100;
/** Fewer say nothing of the tenth that may lie outside on either side. */
const ENOUGH = 20;
/** May lie beyond each end. */
const MISSES = (1 - CONFIDENCE) / 2;
/** An end is moved by so much of what such forecasts differ by at each miss, and back by as much in all at those that hold. */
const PACE = 0.1;
/** Below it, factors say nothing. */
const MOMENT_MS = 1_000;
/** How far something lay off is kept in whole numbers: a ten thousandth of the time's logarithm. */
const SCALE = 10_000;
/** Where forecasts hardly differ, ends are moved by parts of this. */
const LEAST_SPREAD = SCALE / 10;
/** Nothing is said to be farther off. */
const FARTHEST_MS = 1e12;
const ALL = 'all';

/** An end of ranges: how far the truth lay beyond it as it was reckoned, and how far it was moved since, because it held too seldom or too often. */
interface End {
  readonly beyond: NewestValues;
  moved: number;
}

interface Class {
  readonly low: End;
  readonly high: End;
  /** How far the truth lay from the middles. */
  readonly middle: NewestValues;
}

interface SavedEnd {
  readonly beyond: readonly number[];
  readonly moved: number;
}

/** By class. */
export type SavedCalibration = readonly (readonly [
  string,
  { readonly low: SavedEnd; readonly high: SavedEnd; readonly middle: readonly number[] },
])[];

/**
 * Split conformal prediction over a window, each end by itself; and because what was learned before need not hold now, ends go on being
 * moved by what then came of them, as adaptive conformal inference does (the quantile tracking of Angelopoulos, Candès and Tibshirani,
 * "Conformal PID control for time series prediction", 2023): in the long run they hold as often as is said, whatever happens.
 */
export class Calibration {
  readonly #classes: Map<string, Class>;

  /** `saved`: goes on from there. */
  constructor(saved: SavedCalibration = []) {
    this.#classes = new Map(
      saved.map(([key, { low, high, middle }]) => [
        key,
        { low: endOf(low), high: endOf(high), middle: newest(middle) },
      ]),
    );
  }

  /** Plain data: equal for equal histories. */
  save(): SavedCalibration {
    return [...this.#classes].map(([key, { low, high, middle }]) => [
      key,
      { low: savedEnd(low), high: savedEnd(high), middle: middle.save() },
    ]);
  }

  /** As it is to be said; null: too few forecasts came true, or not, to say how sure it is. */
  stated(kind: string, { lowMs, medianMs, highMs }: TimeRangeMs): TimeRangeMs | null {
    const known = this.#known(kind);
    if (!known) return null;
    const median = later(medianMs, known.middle.quantile(0.5));
    const low = later(lowMs, -farthest(known.low));
    const high = later(highMs, farthest(known.high));
    return { lowMs: Math.min(low, median), medianMs: median, highMs: Math.max(high, median) };
  }

  /** What was reckoned, what was said (null: that nobody knows how sure it is), and what it came to. */
  learn(kind: string, reckoned: TimeRangeMs, said: TimeRangeMs | null, actualMs: number): void {
    const off = distance(reckoned.medianMs, actualMs);
    const below = distance(actualMs, reckoned.lowMs);
    const above = distance(reckoned.highMs, actualMs);
    for (const key of [kind, ALL]) {
      const one = this.#classes.get(key) ?? { low: endOf(NO_END), high: endOf(NO_END), middle: newest([]) };
      this.#classes.set(key, one);
      one.middle.push(off);
      one.low.beyond.push(below);
      one.high.beyond.push(above);
      if (!said) continue;
      move(one.low, actualMs < said.lowMs);
      move(one.high, actualMs > said.highMs);
    }
  }

  /** Of its own class, or of all while there are too few of that. */
  #known(kind: string): Class | null {
    const found = [kind, ALL].map((key) => this.#classes.get(key));
    return found.find((one) => one && one.middle.count >= ENOUGH) ?? null;
  }
}

/** Forecasts of like times are alike: what is near is known better than what is far. */
export function horizonOf({ medianMs }: TimeRangeMs): string {
  return String(HORIZONS_MS.filter((horizonMs) => medianMs > horizonMs).length);
}

const HORIZONS_MS = [60_000, 10 * 60_000, 3_600_000, 6 * 3_600_000, 86_400_000];
const NO_END: SavedEnd = { beyond: [], moved: 0 };

function newest(values: readonly number[]): NewestValues {
  return new NewestValues(MOST, values);
}

function endOf({ beyond, moved }: SavedEnd): End {
  return { beyond: newest(beyond), moved };
}

function savedEnd({ beyond, moved }: End): SavedEnd {
  return { beyond: beyond.save(), moved };
}

function farthest({ beyond, moved }: End): number {
  return beyond.quantile(1 - MISSES) + moved;
}

function move(end: End, hasMissed: boolean): void {
  const spread = Math.max(LEAST_SPREAD, end.beyond.quantile(0.9) - end.beyond.quantile(0.1));
  end.moved += Math.round(PACE * spread * ((hasMissed ? 1 : 0) - MISSES));
}

/** Positive where `to` is later. */
function distance(fromMs: number, toMs: number): number {
  return Math.round(SCALE * (logOf(toMs) - logOf(fromMs)));
}

function logOf(ms: number): number {
  return Math.log(Math.max(0, ms) + MOMENT_MS);
}

function later(ms: number, by: number): number {
  const then = Math.round((Math.max(0, ms) + MOMENT_MS) * Math.exp(by / SCALE)) - MOMENT_MS;
  return Math.min(FARTHEST_MS, Math.max(0, then));
}
