// `baton job submit`: a job file as it is.
import type { JobSpec } from '@baton/contracts';
import { readJobFile } from '../../job/job-spec.ts';
import { resolveAfter } from '../../job/resolve-after.ts';
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const submitJob = () =>
  verb('submit', "submit a job from a file, and print its id, or its array's")
    .requiredOption('-f, --file <job.yaml>', 'YAML or JSON, - for standard input')
    .action(run);

async function run(options: { readonly file: string; readonly json?: boolean }): Promise<void> {
  const spec = await readJobFile(options.file);
  const { client } = await connect();
  const submission = await client.jobs.submit((await resolveAfter(client, spec)) as JobSpec);
  printResult(options, submission, () => submission.array?.id ?? submission.id);
}
