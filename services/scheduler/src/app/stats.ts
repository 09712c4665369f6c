// How many jobs there are, and how good what was forecast of them was.
import type { ForecastStats, StatsView } from '@baton/contracts';
import { CONFIDENCE } from '../domain/forecast/distribution.ts';
import type { ForecastFigures } from '../domain/forecast/forecast-score.ts';
import type { Leadership } from './leadership.ts';

export interface StatsPorts {
  readonly leadership: Leadership;
  readonly now: () => number;
}

export class Stats {
  readonly #ports: StatsPorts;

  constructor(ports: StatsPorts) {
    this.#ports = ports;
  }

  /** The same for everybody: it names nobody. */
  view(): StatsView {
    const { ledger } = this.#ports.leadership.leader();
    const { engine, forecasts } = ledger;
    const { runTime, start, end } = forecasts.figures();
    let inLine = 0;
    let running = 0;
    for (const { waiting } of engine.placed()) {
      if (waiting) inLine += 1;
      else running += 1;
    }
    const queued = engine.queueIndex.size;
    const notYet = Math.max(0, ledger.size - queued - inLine - running);
    return {
      at: this.#ports.now(),
      jobs: { queued, notYet, inLine, running },
      forecasts: { confidence: CONFIDENCE, runTime: stats(runTime), start: stats(start), end: stats(end) },
    };
  }
}

function stats(figures: ForecastFigures): ForecastStats {
  return {
    jobs: figures.jobs,
    medianAbsoluteErrorSeconds: seconds(figures.medianAbsoluteErrorMs),
    medianRelativeErrorRatio: figures.medianRelativeError,
    ranges: figures.ranges,
    coverageRatio: figures.coverage,
    medianWidthSeconds: seconds(figures.medianWidthMs),
  };
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
