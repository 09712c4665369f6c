// `baton stats`: how many jobs there are, and how good what was forecast of them was.
import type { ForecastStats, StatsView } from '@baton/contracts';
import { type JsonOption, printResult } from '../../output/print.ts';
import { table } from '../../output/table.ts';
import { formatDuration } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const stats = () =>
  verb('stats', 'how many jobs wait and run, and how good forecasts of starts, ends and run times were').action(run);

async function run(options: JsonOption): Promise<void> {
  const { client } = await connect();
  const view = await client.queue.stats();
  printResult(options, view, () => statsText(view));
}

export function statsText({ jobs, forecasts }: StatsView): string {
  const { confidence, runTime, start, end } = forecasts;
  const counts = `${jobs.running} running, ${jobs.inLine} in line on a node, ${jobs.queued} in the queue, ${jobs.notYet} not to start yet.`;
  const rows: (readonly [string, ForecastStats])[] = [
    ['start', start],
    ['end', end],
    ['run time', runTime],
  ];
  const forecast = table(rows, [
    { title: 'forecast of', value: ([what]) => what },
    { title: 'jobs', value: ([, { jobs: count }]) => count, align: 'right' },
    { title: 'median error', value: ([, stats]) => error(stats), align: 'right' },
    { title: 'ranges', value: ([, { ranges }]) => ranges, align: 'right' },
    { title: 'held', value: ([, { coverageRatio }]) => percent(coverageRatio), align: 'right' },
    { title: 'median width', value: ([, { medianWidthSeconds }]) => duration(medianWidthSeconds), align: 'right' },
  ]);
  return `${counts}\n\n${forecast}\nRanges are to hold ${percent(confidence)} of what happens, once enough is known to say so. Counted are the newest, at most 1000 of each.`;
}

function error({ medianAbsoluteErrorSeconds, medianRelativeErrorRatio }: ForecastStats): string {
  if (medianAbsoluteErrorSeconds === null) return '';
  const relative = medianRelativeErrorRatio === null ? '' : ` (${percent(medianRelativeErrorRatio)})`;
  return `${formatDuration(medianAbsoluteErrorSeconds * 1_000)}${relative}`;
}

function duration(seconds: number | null): string {
  return seconds === null ? '' : formatDuration(seconds * 1_000);
}

function percent(ratio: number | null): string {
  return ratio === null ? '' : `${Math.round(ratio * 100)} %`;
}
