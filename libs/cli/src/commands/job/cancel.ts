// `baton job cancel`: queued and running jobs, many at once.
import { print, printJson } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { forEachJob } from './each-job.ts';

interface Options {
  readonly reason?: string;
  readonly json?: boolean;
}

export const cancelJobs = () =>
  verb('cancel <job...>', 'cancel queued and running jobs, or whole arrays by their ids')
    .option('--reason <text>', 'why, for the log')
    .action(run);

async function run(refs: string[], { reason, json }: Options): Promise<void> {
  const { client } = await connect();
  const outcomes = await forEachJob(client, refs, (id) => client.jobs.cancel(id, reason));
  if (json) return printJson(outcomes);
  for (const { ref, result } of outcomes) if (result) print(`${ref} is being cancelled.`);
}
