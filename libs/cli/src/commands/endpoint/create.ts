// `baton endpoint create`.
import { Option } from 'commander';
import { parseVersionedName } from '../../job/job-flags.ts';
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options {
  readonly model: string;
  readonly visibility?: 'private' | 'group' | 'everyone';
  readonly group?: string;
  readonly json?: boolean;
}

export const createEndpoint = () =>
  verb('create <name>', 'serve a model version')
    .requiredOption('--model <name[@version]>', 'the weights; the newest if no version is given')
    .addOption(new Option('--visibility <who>', 'who may call it').choices(['private', 'group', 'everyone']))
    .option('--group <group>', 'the group it belongs to, by name or id')
    .action(run);

async function run(name: string, options: Options): Promise<void> {
  const { client } = await connect();
  const { ref, version } = parseVersionedName(options.model);
  const { visibility, group } = options;
  const { id, revision } = await client.endpoints.create({
    name,
    model: ref,
    version,
    ...(visibility === undefined ? {} : { visibility }),
    ...(group === undefined ? {} : { group }),
  });
  const view = await client.endpoints.get(id, { waitForRevision: revision });
  printResult(options, view, () => `${name} serves ${view.target.modelName}@${view.target.version} at ${view.url}`);
}
