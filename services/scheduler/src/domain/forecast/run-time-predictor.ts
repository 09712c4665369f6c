// Learned run times: what jobs like this one have taken lately. For display and for the order, never for promises. Pure.
import { Distribution, type TimeRangeMs } from './distribution.ts';
import { type ForecastBasis, ratioGroups, RecentRunGroups, type RunOf } from './run-groups.ts';
import { RunHistory, type SavedRuns } from './run-history.ts';

/** Fewer say too little of a group: a wider one is asked. */
const ENOUGH = 3;
/** Limits are of all lengths, so that it takes more of them to tell what part jobs run. */
const ENOUGH_RATIOS = 8;
/** Nothing is known but that people ask for up to five times what their jobs take: see `expected-time.ts`. */
const OF_LIMIT = new Distribution([
  { share: 0, ms: 0.001 },
  { share: 0.1, ms: 0.05 },
  { share: 0.5, ms: 0.4 },
  { share: 0.9, ms: 0.95 },
  { share: 1, ms: 1 },
]);
/** Ratios are kept as whole numbers, as run times are. */
const RATIO_SCALE = 1_000_000;

export interface Prediction {
  readonly basis: ForecastBasis;
  /** So many runs were seen; 0 where only the limit counts. */
  readonly samples: number;
  readonly distribution: Distribution;
}

export interface SavedRunTimes {
  readonly runs: SavedRuns;
  readonly ratios: SavedRuns;
}

/** What is said of a run time. */
export interface RunTimeForecast extends TimeRangeMs {
  readonly basis: ForecastBasis;
  readonly samples: number;
}

export class RunTimePredictor {
  readonly #runs: RunHistory;
  readonly #ratios: RunHistory;
  readonly #groups = new RecentRunGroups();

  /** `saved`: goes on from there. */
  constructor(saved?: SavedRunTimes) {
    this.#runs = new RunHistory(saved?.runs);
    this.#ratios = new RunHistory(saved?.ratios);
  }

  /** A job has run so long, from its start to an end of its own. */
  learn(run: RunOf, ranMs: number): void {
    const ms = Math.max(1, Math.round(ranMs));
    for (const { key } of this.#groups.of(run)) this.#runs.add(key, ms);
    const { timeLimitMs } = run.spec;
    if (timeLimitMs === null) return;
    const ratio = Math.max(1, Math.round((RATIO_SCALE * Math.min(ms, timeLimitMs)) / timeLimitMs));
    for (const { key } of ratioGroups(run)) this.#ratios.add(key, ratio);
  }

  /** By what was seen, or by its limit; by the policy's default where there is neither. */
  predict(run: RunOf, defaultLimitMs: number): Prediction {
    const known = this.known(run);
    return known ?? { basis: 'default-limit', samples: 0, distribution: OF_LIMIT.scaled(defaultLimitMs) };
  }

  /**
   * By the group most like it of which enough was seen; then by the part of their limits that jobs run; then by its limit alone. Null
   * where it has none.
   */
  known(run: RunOf): Prediction | null {
    const { timeLimitMs } = run.spec;
    for (const { basis, key } of this.#groups.of(run)) {
      const seen = this.#runs.seen(key, ENOUGH);
      if (seen) return { basis, samples: seen.samples, distribution: within(seen.distribution, timeLimitMs) };
    }
    if (timeLimitMs === null) return null;
    for (const { basis, key } of ratioGroups(run)) {
      const seen = this.#ratios.seen(key, ENOUGH_RATIOS);
      if (!seen) continue;
      const distribution = seen.distribution.scaled(timeLimitMs / RATIO_SCALE).capped(timeLimitMs);
      return { basis, samples: seen.samples, distribution };
    }
    return { basis: 'limit', samples: 0, distribution: OF_LIMIT.scaled(timeLimitMs) };
  }

  save(): SavedRunTimes {
    return { runs: this.#runs.save(), ratios: this.#ratios.save() };
  }
}

function within(distribution: Distribution, limitMs: number | null): Distribution {
  return limitMs === null ? distribution : distribution.capped(limitMs);
}

export function forecastOf({ basis, samples, distribution }: Prediction): RunTimeForecast {
  return { basis, samples, ...distribution.range() };
}
