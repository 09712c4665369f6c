// `baton job wait`: until all are over.
import type { JobView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { EXIT, exitCodeOfJob } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { interruptible } from '../../interrupt.ts';
import { findJobIds, shortId } from '../../job/find-job.ts';
import { untilOver } from '../../job/follow-job.ts';
import { jobMessage, runTime } from '../../job/job-text.ts';
import { stateStyle } from '../../output/paint.ts';
import { printList } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import { connect, PATIENT_MS } from '../../session.ts';
import { positiveNumber, verb } from '../../verb.ts';

interface Options {
  readonly timeout?: number;
  readonly json?: boolean;
}

export const waitForJobs = () =>
  verb('wait <job...>', 'wait until jobs are over, or whole arrays by their ids; the exit code tells how they ended')
    .option('--timeout <seconds>', 'give up after that long', positiveNumber)
    .action(run);

async function run(refs: string[], options: Options): Promise<void> {
  const { client } = await connect();
  const ids = (await Promise.all(refs.map((ref) => findJobIds(client, ref)))).flat();
  const { client: patient } = await connect({ retryForMs: PATIENT_MS });
  const jobs = await interruptible((signal) => waitForAll(patient, ids, withTimeout(signal, options.timeout)));
  printList(options, jobs, COLUMNS, '');
  process.exitCode = jobs.map(({ state }) => exitCodeOfJob(state)).find((code) => code !== EXIT.ok) ?? EXIT.ok;
}

function withTimeout(signal: AbortSignal, seconds: number | undefined): AbortSignal {
  return seconds === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
}

async function waitForAll(client: BatonClient, ids: readonly string[], signal: AbortSignal): Promise<JobView[]> {
  const jobs: JobView[] = [];
  // All have to be over: one after the other is as soon done, and of an array of thousands one stream at a time is open.
  for (const id of ids) {
    const job = await waitForOne(client, id, signal);
    if (job) jobs.push(job);
    else if (signal.reason instanceof Failure) throw signal.reason;
    else throw new Failure(EXIT.timedOut, 'Not all jobs were over in time.');
  }
  return jobs;
}

async function waitForOne(client: BatonClient, id: string, signal: AbortSignal): Promise<JobView | null> {
  // Ends with the job: nothing is asked again and again for hours.
  for await (const _ of client.jobs.followEvents(id, { signal }));
  return signal.aborted ? null : untilOver(client, id, signal);
}

const COLUMNS: Column<JobView>[] = [
  { title: 'id', value: ({ id }) => shortId(id), style: () => 'dim' },
  { title: 'name', value: ({ name }) => name, style: () => 'bold' },
  { title: 'state', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'ran', value: (job) => runTime(job, Date.now()), align: 'right' },
  { title: 'why', value: jobMessage },
];
