// `baton run`: the code of a folder as a job; followed until it is over.
import { stat } from 'node:fs/promises';
import type { JobSpec, JobSubmission } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import type { Command } from 'commander';
import { usage } from '../../failure.ts';
import { interruptible } from '../../interrupt.ts';
import { followUntilOver } from '../../job/follow-until-over.ts';
import { type DraftSpec, type JobFlags, readJobFile, withFlags } from '../../job/job-spec.ts';
import { resolveAfter } from '../../job/resolve-after.ts';
import { modelNameOf, snapshotCode } from '../../job/snapshot-code.ts';
import { note, printJson, printJsonLine, print } from '../../output/print.ts';
import { formatCount } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { withJobOptions } from './job-options.ts';

interface Options extends JobFlags {
  readonly model?: string;
  readonly file?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

export const runJob = () =>
  withJobOptions(
    verb('run [folder] [command...]', 'submit a job, and follow it until it is over').usage(
      '[folder] [options] -- <command> [arguments...]',
    ),
  )
    .option('--model <name[@version]>', 'with a folder: the model its code goes to; without: the code to run')
    .option('-d, --detach', 'print the id, and do not follow')
    .addHelpText(
      'after',
      `
The folder's code becomes a version of a model, named after the folder or by --model; the same code again
is the same version. Ctrl-C lets go of the job, which goes on.

Examples:
  baton run ./digits --dataset digits --gpus 1 -- python train.py --epochs 20
  baton run --model digits@3 --dataset digits@1:data -- python train.py
  baton run -- nvidia-smi
  baton run ./digits --file job.yaml`,
    )
    .action((_folder: string | undefined, _command: string[], options: Options, self: Command) => run(options, self));

async function run(options: Options, self: Command): Promise<void> {
  const { folder, command } = operandsOf(self);
  const draft = options.file === undefined ? {} : await readJobFile(options.file);
  const spec = { ...withFlags(draft, options), ...(command.length === 0 ? {} : { command }) };
  if (!spec.command) throw usage('Say what to run behind two dashes: baton run ./folder -- python train.py');
  if (folder !== undefined && !(await stat(folder).catch(() => null))?.isDirectory())
    throw usage(`There is no folder ${folder}.`);
  const { client } = await connect();
  const submission = await interruptible(async (signal) => {
    const whole = await withCode(client, spec, { folder, options, signal });
    signal.throwIfAborted();
    return submit(client, whole, options);
  });
  if (!options.detach && !submission.array) await followUntilOver(submission.id, options);
}

/** Commander joins what stands before and behind the two dashes. */
function operandsOf(self: Command): { folder: string | undefined; command: string[] } {
  const raw = rootOf(self).rawArgs;
  const dashes = raw.indexOf('--');
  const command = dashes === -1 ? [] : raw.slice(dashes + 1);
  const before = self.args.slice(0, self.args.length - command.length);
  if (before.length > 1)
    throw usage(`Put the command behind two dashes: baton run ${before[0]} -- ${before.slice(1).join(' ')}`);
  return { folder: before[0], command };
}

function rootOf(command: Command): Command & { readonly rawArgs: string[] } {
  let root = command;
  while (root.parent) root = root.parent;
  return root as Command & { readonly rawArgs: string[] };
}

interface CodeSource {
  readonly folder: string | undefined;
  readonly options: Options;
  readonly signal: AbortSignal;
}

async function withCode(
  client: BatonClient,
  spec: DraftSpec,
  { folder, options, signal }: CodeSource,
): Promise<DraftSpec> {
  if (folder === undefined) return options.model === undefined ? spec : { ...spec, model: options.model };
  const name = options.model ?? spec.model ?? modelNameOf(folder);
  if (name.includes('@'))
    throw usage(`The folder's code becomes a new version: give --model ${name.split('@')[0]} without a version.`);
  const { model, version, isNew, fileCount } = await snapshotCode(client, folder, name, signal);
  const files = formatCount(fileCount, 'file');
  if (!options.json)
    note(isNew ? `${folder} is ${model}@${version} now (${files}).` : `${folder} is ${model}@${version}, as before.`);
  return { ...spec, model: `${model}@${version}` };
}

async function submit(client: BatonClient, draft: DraftSpec, options: Options): Promise<JobSubmission> {
  // What is missing or wrong in it the platform says, with a pointer.
  const submission = await client.jobs.submit((await resolveAfter(client, draft)) as JobSpec);
  announce(submission, options);
  return submission;
}

/** Of an array there is no one job to follow. */
function announce(submission: JobSubmission, { json, detach }: Options): void {
  const { id, array } = submission;
  if (json && (detach || array)) printJson(submission);
  else if (json) printJsonLine({ type: 'submitted', ...submission });
  else if (detach) print(array?.id ?? id);
  else if (array)
    note(
      `Array ${array.id} is submitted: ${formatCount(array.count, 'job')}. See \`baton job list --array ${array.id}\`.`,
    );
  else note(`Job ${id} is submitted. Ctrl-C lets go of it; it goes on.`);
}
