// `baton job show`.
import type { AttemptView, JobView, RankView } from '@baton/contracts';
import { findJob } from '../../job/find-job.ts';
import { cancellationText, endText } from '../../job/end-text.ts';
import { isOver, jobMessage, metricsText, runTime, shownState } from '../../job/job-text.ts';
import { paint, stateStyle } from '../../output/paint.ts';
import { printResult } from '../../output/print.ts';
import { type Column, type Fact, facts, table } from '../../output/table.ts';
import { plainLine } from '../../output/text-width.ts';
import { formatAge, formatBytes, formatCount, formatDuration } from '../../output/units.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb, wholeNumber } from '../../verb.ts';

interface Options extends PastOption {
  readonly lines: number;
  readonly json?: boolean;
}

export const showJob = () =>
  withPast(verb('show <job>', 'show a job: what it is, where it stands, its attempts and how they ended'))
    .option('--lines <number>', 'how many of the last lines of output; at most 50 are kept', wholeNumber, 10)
    .action(run);

async function run(ref: string, options: Options): Promise<void> {
  const { client } = await connect(pastOf(options));
  const found = await findJob(client, ref);
  // Lists name nobody.
  const job = found.cancellation && !found.cancellation.byName ? await client.jobs.get(found.id) : found;
  const expected = isOver(job) || options.at !== undefined ? undefined : (await client.queue.why(job.id)).expected;
  const shown = expected === undefined ? job : { ...job, expected };
  printResult(options, shown, () => jobText(shown, Date.now(), options.lines));
}

function jobText(job: JobView, now: number, lines: number): string {
  const state = shownState(job);
  const about = facts([
    ['job', job.id],
    ['name', job.name],
    ['state', { text: state, style: stateStyle(state) }],
    [job.waiting ? 'waits' : 'why', jobMessage(job)],
    ['expected', job.expected?.message],
    ['cancelled by', cancellationText(job)],
    ['submitted', formatAge(job.createdAt, now)],
    ['ran', runTime(job, now)],
    ['rerun of', job.rerunOf ?? undefined],
    ...schedulingFacts(job),
    ...specFacts(job),
    ...endFacts(job),
  ]);
  if (job.attempts.length === 0) return about;
  const attempts = table(job.attempts, attemptColumns(now), { width: process.stdout.columns });
  return [about, attempts, ...rankTable(job, now), ...lastLines(job, lines)].join('\n\n');
}

/** Of the newest attempt, where it has several nodes. */
function rankTable(job: JobView, now: number): string[] {
  const ranks = job.attempts.at(-1)?.ranks;
  return ranks === undefined ? [] : [table(ranks, rankColumns(now), { width: process.stdout.columns })];
}

function rankColumns(now: number): Column<RankView>[] {
  return [{ title: 'rank', value: ({ rank }) => rank, align: 'right' }, ...placeColumns(now)];
}

function specFacts({ spec, visibility }: JobView): Fact[] {
  return [
    ['command', spec.command.map(quoted).join(' ')],
    ['code', spec.code ? `${spec.code.modelName}@${spec.code.version}` : undefined],
    ['datasets', spec.datasets.map(({ datasetName, version, as }) => `${datasetName}@${version}:${as}`).join(', ')],
    ['resources', resourcesText(spec)],
    ['nodes', spec.nodes === undefined ? undefined : spec.nodes],
    ['environment', Object.keys(spec.env).join(', ')],
    ['secrets', spec.secrets.join(', ')],
    ['time limit', spec.timeLimitMs === null ? undefined : formatDuration(spec.timeLimitMs)],
    ['retries', spec.retries === 0 ? undefined : spec.retries],
    ['python', spec.environment.python],
    ['weights to', spec.outputs.model ?? undefined],
    ['labels', pairsText(spec.labels)],
    ['visible to', visibility],
  ];
}

/** When and where it may run, as far as it says so itself. */
function schedulingFacts({ spec, array, counters, flags }: JobView): Fact[] {
  const after = spec.after?.map(({ jobId, when }) => `${jobId} (${when})`).join(', ');
  return [
    ['array', array && `${array.id}, number ${array.index} of ${array.count}${valueText(array.value)}`],
    ['class', spec.class],
    ['held', flags.held ? 'yes' : undefined],
    ['after', after],
    ['not before', spec.beginAt === undefined ? undefined : new Date(spec.beginAt).toISOString()],
    ['requires', pairsText(spec.requires)],
    ['prefers', pairsText(spec.prefers)],
    ['preemptions', counters.preemptions === 0 ? undefined : counters.preemptions],
  ];
}

function valueText(value: string | undefined): string {
  return value === undefined ? '' : `: ${value}`;
}

function resourcesText({ resources, exclusive }: JobView['spec']): string {
  const { gpus, cpuSlots, cpus, memoryBytes, gpuModel, gpuMemoryBytes } = resources;
  const such = [gpuModel, gpuMemoryBytes && formatBytes(gpuMemoryBytes)].filter(Boolean).join(', ');
  const wants = [
    gpus > 0 && `${gpus} GPU${such === '' ? '' : ` (${such})`}`,
    cpuSlots !== undefined && `${cpuSlots} CPU slot`,
    cpus > 0 && `${cpus} CPU`,
    memoryBytes > 0 && formatBytes(memoryBytes),
    exclusive && 'nodes of its own',
  ];
  return wants.filter(Boolean).join(', ');
}

function pairsText(pairs: Readonly<Record<string, string>> | undefined): string | undefined {
  return (
    pairs &&
    Object.entries(pairs)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ')
  );
}

/** As one would type it in a shell. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

function endFacts(job: JobView): Fact[] {
  const result = job.attempts.at(-1)?.result;
  if (!result) return [];
  return [
    ['metrics', metricsText(result.finalMetrics)],
    [
      'artifacts',
      result.artifacts
        ? `${formatCount(result.artifacts.fileCount, 'file')}, ${formatBytes(result.artifacts.sizeBytes)}`
        : undefined,
    ],
    ...checkpointFacts(job),
  ];
}

function checkpointFacts(job: JobView): Fact[] {
  const stored = job.attempts.findLast(({ checkpoints }) => checkpoints)?.checkpoints;
  if (!stored) return [];
  const { fileCount, sizeBytes, at } = stored;
  return [
    ['checkpoints', `${formatCount(fileCount, 'file')}, ${formatBytes(sizeBytes)}, ${formatAge(at, Date.now())}`],
  ];
}

/** Of what did not end well. */
function lastLines(job: JobView, count: number): string[] {
  const attempt = job.attempts.findLast(({ result }) => result);
  const lines = attempt?.result?.lastLines.slice(-count) ?? [];
  if (!attempt || lines.length === 0 || count === 0 || !isOver(job) || job.state === 'succeeded') return [];
  const title = paint('dim', `last output of attempt ${attempt.attempt}`);
  return [[title, ...lines.map(plainLine)].join('\n')];
}

function attemptColumns(now: number): Column<AttemptView>[] {
  return [{ title: 'attempt', value: ({ attempt }) => attempt, align: 'right' }, ...placeColumns(now)];
}

type Place = Pick<AttemptView, 'nodeName' | 'devices' | 'stagedAt' | 'startedAt' | 'endedAt' | 'result'>;

function placeColumns(now: number): Column<Place>[] {
  const begun = ({ stagedAt, startedAt }: Place) => {
    if (startedAt !== null) return formatAge(startedAt, now);
    return stagedAt === undefined ? '' : 'ready';
  };
  const took = ({ startedAt, endedAt }: Place) =>
    startedAt === null ? '' : formatDuration((endedAt ?? now) - startedAt);
  return [
    { title: 'node', value: ({ nodeName }) => nodeName },
    { title: 'devices', value: ({ devices }) => devices.join(', ') },
    { title: 'started', value: begun },
    { title: 'ran', value: took, align: 'right' },
    { title: 'end', value: ({ result }) => (result ? endText(result) : '') },
    { title: 'why', value: ({ result }) => result?.message ?? '' },
  ];
}
