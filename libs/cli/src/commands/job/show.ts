// `baton job show`.
import type { AttemptView, JobView } from '@baton/contracts';
import { findJob } from '../../job/find-job.ts';
import { isOver, jobMessage, metricsText, runTime, shownState } from '../../job/job-text.ts';
import { stateStyle } from '../../output/paint.ts';
import { printResult } from '../../output/print.ts';
import { type Column, type Fact, facts, table } from '../../output/table.ts';
import { formatAge, formatBytes, formatCount, formatDuration } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const showJob = () => verb('show <job>', 'show a job: what it is, where it stands, its attempts').action(run);

async function run(ref: string, options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const job = await findJob(client, ref);
  printResult(options, job, () => jobText(job, Date.now()));
}

function jobText(job: JobView, now: number): string {
  const state = shownState(job);
  const about = facts([
    ['job', job.id],
    ['name', job.name],
    ['state', { text: state, style: stateStyle(state) }],
    [job.waiting ? 'waits' : 'why', jobMessage(job)],
    ['submitted', formatAge(job.createdAt, now)],
    ['ran', runTime(job, now)],
    ['rerun of', job.rerunOf ?? undefined],
    ...specFacts(job),
    ...endFacts(job),
  ]);
  return job.attempts.length === 0
    ? about
    : `${about}\n\n${table(job.attempts, attemptColumns(now), { width: process.stdout.columns })}`;
}

function specFacts({ spec, visibility }: JobView): Fact[] {
  const { gpus, cpus, memoryBytes } = spec.resources;
  const wants = [gpus > 0 && `${gpus} GPU`, cpus > 0 && `${cpus} CPU`, memoryBytes > 0 && formatBytes(memoryBytes)];
  return [
    ['command', spec.command.map(quoted).join(' ')],
    ['code', spec.code ? `${spec.code.modelName}@${spec.code.version}` : undefined],
    ['datasets', spec.datasets.map(({ datasetName, version, as }) => `${datasetName}@${version}:${as}`).join(', ')],
    ['resources', wants.filter(Boolean).join(', ')],
    ['environment', Object.keys(spec.env).join(', ')],
    ['secrets', spec.secrets.join(', ')],
    ['time limit', spec.timeLimitMs === null ? undefined : formatDuration(spec.timeLimitMs)],
    ['retries', spec.retries === 0 ? undefined : spec.retries],
    ['python', spec.environment.python],
    ['weights to', spec.outputs.model ?? undefined],
    [
      'labels',
      Object.entries(spec.labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
    ],
    ['visible to', visibility],
  ];
}

/** As one would type it in a shell. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

function endFacts(job: JobView): Fact[] {
  const result = job.attempts.at(-1)?.result;
  if (!result) return [];
  const lines = isOver(job) && job.state === 'failed' ? result.lastLines.slice(-5) : [];
  return [
    ['metrics', metricsText(result.finalMetrics)],
    [
      'artifacts',
      result.artifacts
        ? `${formatCount(result.artifacts.fileCount, 'file')}, ${formatBytes(result.artifacts.sizeBytes)}`
        : undefined,
    ],
    ...lines.map((line, index): Fact => [index === 0 ? 'last output' : '', line]),
  ];
}

function attemptColumns(now: number): Column<AttemptView>[] {
  const took = ({ startedAt, endedAt }: AttemptView) =>
    startedAt === null ? '' : formatDuration((endedAt ?? now) - startedAt);
  return [
    { title: 'attempt', value: ({ attempt }) => attempt, align: 'right' },
    { title: 'node', value: ({ nodeName }) => nodeName },
    { title: 'devices', value: ({ devices }) => devices.join(', ') },
    { title: 'started', value: ({ startedAt }) => (startedAt === null ? '' : formatAge(startedAt, now)) },
    { title: 'ran', value: took, align: 'right' },
    { title: 'end', value: ({ result }) => (result ? result.message || result.reason : '') },
  ];
}
