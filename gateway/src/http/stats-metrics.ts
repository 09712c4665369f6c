// The scheduler's figures in Prometheus' text format: jobs, and how good forecasts were.
import type { ForecastStats, StatsView } from '@baton/contracts';
import { Gauge, Registry } from 'prom-client';

/** Of what there are no forecasts yet, there is no sample. */
export function statsMetrics({ jobs, forecasts }: StatsView): Promise<string> {
  const register = new Registry();
  const gauge = (name: string, help: string, label: string) =>
    new Gauge({ name: `baton_${name}`, help, labelNames: [label], registers: [register] });
  const counts = gauge('jobs', 'Jobs that are not over, by where they stand.', 'state');
  for (const [state, count] of Object.entries(jobs)) counts.set({ state: snake(state) }, count);
  const { confidence: _confidence, ...kinds } = forecasts;
  const put = (name: string, help: string, value: (stats: ForecastStats) => number | null) => {
    const each = gauge(`forecast_${name}`, help, 'of');
    for (const [kind, stats] of Object.entries(kinds)) {
      const figure = value(stats);
      if (figure !== null) each.set({ of: snake(kind) }, figure);
    }
  };
  put('jobs', 'Forecasts that the other figures are of: the newest.', (stats) => stats.jobs);
  put('median_absolute_error_seconds', 'Half of them were closer.', (stats) => stats.medianAbsoluteErrorSeconds);
  put('ranges', 'Of them, those of which it was said how sure the range was.', (stats) => stats.ranges);
  put('coverage_ratio', 'The part of those ranges that held; to be near 0.8.', (stats) => stats.coverageRatio);
  put('median_width_seconds', 'Half of those ranges were narrower.', (stats) => stats.medianWidthSeconds);
  return register.metrics();
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
