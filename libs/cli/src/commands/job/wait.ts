// `baton job wait`: until all are over.
import type { JobView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { EXIT, exitCodeOfJob } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { interruptible } from '../../interrupt.ts';
import { findJobId, shortId } from '../../job/find-job.ts';
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
  verb('wait <job...>', 'wait until jobs are over; the exit code tells how they ended')
    .option('--timeout <seconds>', 'give up after that long', positiveNumber)
    .action(run);

async function run(refs: string[], options: Options): Promise<void> {
  const { client } = await connect();
  const ids = await Promise.all(refs.map((ref) => findJobId(client, ref)));
  const { client: patient } = await connect({ retryForMs: PATIENT_MS });
  const jobs = await interruptible((signal) => waitForAll(patient, ids, withTimeout(signal, options.timeout)));
  printList(options, jobs, COLUMNS, '');
  process.exitCode = jobs.map(({ state }) => exitCodeOfJob(state)).find((code) => code !== EXIT.ok) ?? EXIT.ok;
}

function withTimeout(signal: AbortSignal, seconds: number | undefined): AbortSignal {
  return seconds === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
}

async function waitForAll(client: BatonClient, ids: readonly string[], signal: AbortSignal): Promise<JobView[]> {
  return Promise.all(
    ids.map(async (id) => {
      const job = await waitForOne(client, id, signal);
      if (job) return job;
      if (signal.reason instanceof Failure) throw signal.reason;
      throw new Failure(EXIT.timedOut, 'Not all jobs were over in time.');
    }),
  );
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
