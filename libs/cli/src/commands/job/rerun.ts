// `baton job rerun`.
import { followUntilOver } from '../../job/follow-until-over.ts';
import { findJobId } from '../../job/find-job.ts';
import { note, printJsonLine, printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options {
  readonly follow?: boolean;
  readonly json?: boolean;
}

export const rerunJob = () =>
  verb('rerun <job>', 'submit the same job again, with the same versions, and print its id')
    .option('-f, --follow', 'follow it until it is over')
    .action(run);

async function run(ref: string, options: Options): Promise<void> {
  const { client } = await connect();
  const { id, revision } = await client.jobs.rerun(await findJobId(client, ref));
  if (!options.follow) return printResult(options, { id, revision }, () => id);
  if (options.json) printJsonLine({ type: 'submitted', id, revision });
  else note(`Job ${id} is submitted. Ctrl-C lets go of it; it goes on.`);
  await followUntilOver(id, options);
}
