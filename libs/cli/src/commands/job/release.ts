// `baton job release`: jobs that wait, many at once.
import { print, printJson } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { forEachJob } from './each-job.ts';

export const releaseJobs = () =>
  verb('release <job...>', 'let held jobs, or whole arrays by their ids, start').action(run);

async function run(refs: string[], { json }: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const outcomes = await forEachJob(client, refs, (id) => client.jobs.release(id));
  if (json) return printJson(outcomes);
  for (const { ref, result } of outcomes) if (result) print(`${ref} is released.`);
}
