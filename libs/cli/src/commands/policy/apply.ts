// `baton policy apply`: the whole policy from a file, or with --dry-run what it would change.
import type { PolicyApplied, PolicyCheck, PolicyDocument } from '@baton/contracts';
import { shortId } from '../../job/find-job.ts';
import { type Names, namesFor } from '../../output/names.ts';
import { type JsonOption, note, print, printJson, printResult } from '../../output/print.ts';
import { table } from '../../output/table.ts';
import { connect } from '../../session.ts';
import { verb, wholeNumber } from '../../verb.ts';
import { readYamlFile } from '../../yaml-file.ts';

interface Options extends JsonOption {
  readonly dryRun?: boolean;
  readonly comment?: string;
  readonly ifVersion?: number;
}

export const applyPolicy = () =>
  verb('apply <file>', 'replace the policy by that of a YAML or JSON file; what it leaves out is the default (admin)')
    .option(
      '--dry-run',
      'change nothing; show what would be another value, and which jobs would be treated differently',
    )
    .option('--comment <text>', 'why, for `baton policy history`')
    .option('--if-version <n>', 'only if this version is in force', wholeNumber)
    .action(run);

async function run(path: string, options: Options): Promise<void> {
  const policy: PolicyDocument = await readYamlFile(path, 'no policy: write fields such as `order: fair-share`.');
  const { client } = await connect();
  const { comment, ifVersion, dryRun } = options;
  if (dryRun) {
    const check = await client.policy.check(policy);
    if (options.json) return printJson(check);
    return print(checkText(check, await namesFor(client, JSON.stringify(check.changes))));
  }
  const applied = await client.policy.apply(
    policy,
    comment === undefined ? {} : { comment },
    ifVersion === undefined ? {} : { ifRevision: ifVersion },
  );
  if (!options.json) for (const line of warningLines(applied)) note(line);
  printResult(options, applied, () =>
    applied.changed
      ? `Version ${applied.version} is in force.`
      : `Nothing is different: version ${applied.version} stays in force.`,
  );
}

function checkText(check: PolicyCheck, names: Names): string {
  const { version, changes, treatedDifferently } = check;
  const values = changes.map(
    ({ what, before, after }) => `  ${names.in(what)}: ${valueText(before)} -> ${valueText(after)}`,
  );
  const jobs =
    treatedDifferently.length === 0
      ? 'No queued or running job would be treated differently now.'
      : table(treatedDifferently, [
          { title: 'job', value: ({ jobId }) => shortId(jobId) },
          { title: 'now', value: ({ now }) => now },
          { title: 'instead', value: ({ instead }) => instead },
        ]);
  return [
    values.length === 0 ? `Nothing is different from version ${version}.` : `Compared with version ${version}:`,
    ...values,
    ...warningLines(check),
    jobs,
    'Nothing was changed.',
  ].join('\n');
}

function warningLines({ warnings }: Pick<PolicyApplied, 'warnings'>): string[] {
  return warnings.map(({ pointer, detail }) => `WARNING: ${pointer} ${detail}.`);
}

function valueText(value: unknown): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
