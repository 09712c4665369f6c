// `baton policy show`.
import type { PolicyDocument } from '@baton/contracts';
import { namesFor } from '../../output/names.ts';
import { print, printJson } from '../../output/print.ts';
import { facts } from '../../output/table.ts';
import { formatAge } from '../../output/units.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb, wholeNumber } from '../../verb.ts';
import { policyYaml } from './policy-yaml.ts';

interface Options extends PastOption {
  readonly version?: number;
  readonly yaml?: boolean;
  readonly json?: boolean;
}

export const showPolicy = () =>
  withPast(verb('show', 'show the scheduling policy, as `baton policy apply` takes it'))
    .option('--version <n>', 'an earlier version; 0 is the default', wholeNumber)
    .option('--yaml', 'the policy alone, for a file')
    .action(run);

async function run({ version, yaml, json, ...options }: Options): Promise<void> {
  const { client } = await connect(pastOf(options));
  const view = await client.policy.get(version === undefined ? {} : { version });
  if (json) return printJson(view);
  const names = await namesFor(client, JSON.stringify(view));
  const text = await policyYaml(JSON.parse(names.in(JSON.stringify(view.policy))) as PolicyDocument);
  if (yaml) return print(text);
  const about = facts([
    ['version', view.version === 0 ? '0, the default' : view.version],
    ['since', view.at === null ? undefined : formatAge(view.at, Date.now())],
    ['by', view.by === null ? undefined : names.of(view.by)],
    ['comment', view.comment ?? undefined],
  ]);
  print(`${about}\n\n${text}`);
}
