// `baton endpoint update`: another version behind the same name, without a gap.
import { parseVersionedName } from '../../job/job-flags.ts';
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

export const updateEndpoint = () =>
  verb('update <name>', 'serve another version: loaded and warmed aside, then swapped')
    .requiredOption('--model <name[@version]>', 'the weights; the newest if no version is given')
    .action(run);

async function run(name: string, options: { readonly model: string; readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const { ref, version } = parseVersionedName(options.model);
  const { revision } = await client.endpoints.update(name, { model: ref, version });
  const view = await client.endpoints.get(name, { waitForRevision: revision });
  printResult(options, view, () => `${name} serves ${view.target.modelName}@${view.target.version} now.`);
}
