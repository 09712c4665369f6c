// `baton job metrics`: each metric as a small curve.
import type { JobMetricPoint } from '@baton/sdk';
import { findJobId } from '../../job/find-job.ts';
import { chart, type Point } from '../../output/chart.ts';
import { paint } from '../../output/paint.ts';
import { note, printResult } from '../../output/print.ts';
import { facts } from '../../output/table.ts';
import { terminalWidth } from '../../output/text-width.ts';
import { formatNumber } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { collect, positiveInteger, verb } from '../../verb.ts';

interface Options {
  readonly metric?: string[];
  readonly attempt?: number;
  readonly system?: boolean;
  readonly points?: number;
  readonly json?: boolean;
}

/** Metrics that count rather than measure: they are the axis. */
const AXES = ['step', 'epoch'];
/** A curve has no more columns than this. */
const DRAWN_POINTS = 512;
const CHART = { maxWidth: 64, height: 5, axisWidth: 14 };

export const jobMetrics = () =>
  verb('metrics <job>', "draw a job's metrics, of its newest attempt")
    .option('--metric <name>', 'only this one; may be given many times', collect)
    .option('--attempt <n>', 'of this attempt', positiveInteger)
    .option('--system', 'what its processes and cards have used: CPU, memory, disk, GPU')
    .option('--points <n>', 'at most so many points of each, the lowest and highest of each stretch', positiveInteger)
    .action(run);

async function run(ref: string, options: Options): Promise<void> {
  const { client } = await connect();
  const { system = false, json } = options;
  const points = options.points ?? (json ? undefined : DRAWN_POINTS);
  const query = { system, ...(points === undefined ? {} : { points }) };
  const { items, removedAt } = await client.jobs.metrics(await findJobId(client, ref), query);
  if (removedAt !== undefined && !json)
    note(
      `The points were removed by retention on ${new Date(removedAt).toISOString().slice(0, 10)}; these are the last values.`,
    );
  const attempt = options.attempt ?? items.at(-1)?.attempt;
  const found = items.filter((point) => point.attempt === attempt);
  printResult(options, found, () => (system ? usageText(found, options.metric) : chartsText(found, options.metric)));
}

/** Over the seconds from the first measurement on. */
function usageText(points: readonly JobMetricPoint[], wanted: readonly string[] | undefined): string {
  const start = points[0]?.at ?? 0;
  if (points.length === 0) return paint('dim', 'Nothing was measured yet: that is done every ten seconds.');
  const timed = points.map((point) => ({ ...point, step: (point.at - start) / 1_000 }));
  return chartsText(timed, wanted);
}

function chartsText(points: readonly JobMetricPoint[], wanted: readonly string[] | undefined): string {
  const names =
    wanted ?? [...new Set(points.flatMap(({ values }) => Object.keys(values)))].filter((name) => !AXES.includes(name));
  const series = names.map((name) => ({ name, curve: seriesOf(points, name) })).filter(({ curve }) => curve.length > 0);
  if (series.length === 0)
    return paint('dim', 'No metrics. A job has them by printing lines such as: epoch=3 loss=0.11 accuracy=0.97');
  // What was printed once, such as a setting, is no curve.
  const single = series
    .filter(({ curve }) => curve.length === 1)
    .map(({ name, curve }) => [name, formatNumber(curve[0]?.y ?? 0)] as const);
  const drawn = series.filter(({ curve }) => curve.length > 1).map(({ name, curve }) => curveText(name, curve));
  return [...(single.length > 0 ? [facts(single)] : []), ...drawn].join('\n\n');
}

function curveText(name: string, curve: readonly Point[]): string {
  const last = curve.at(-1) ?? { x: 0, y: 0 };
  const width = Math.max(8, Math.min(CHART.maxWidth, terminalWidth(process.stdout) - CHART.axisWidth));
  const lines = chart(curve, { width, height: CHART.height });
  return `${paint('bold', name)} ${formatNumber(last.y)} at ${formatNumber(last.x)}\n${lines.join('\n')}`;
}

/** Over the step if the job gave one, else the epoch it printed, else the count of points. */
export function seriesOf(points: readonly JobMetricPoint[], name: string): Point[] {
  return points.flatMap(({ values, step, seq }) => {
    const y = values[name];
    return y === undefined ? [] : [{ x: step ?? values['step'] ?? values['epoch'] ?? seq, y }];
  });
}
