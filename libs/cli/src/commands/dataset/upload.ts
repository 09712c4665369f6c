// `baton dataset upload`.
import { Option } from 'commander';
import { addVersion } from '../../content/add-version.ts';
import { interruptible } from '../../interrupt.ts';
import { printResult } from '../../output/print.ts';
import { formatBytes, formatCount } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { collect, verb } from '../../verb.ts';
import { datasets } from '../catalogue/catalogue.ts';

interface Options {
  readonly name: string;
  readonly description?: string;
  readonly tag?: string[];
  readonly visibility?: 'private' | 'group' | 'everyone';
  readonly group?: string;
  readonly unpack: boolean;
  readonly json?: boolean;
}

export const uploadDataset = () =>
  verb('upload <path...>', 'make a version of a dataset from files and folders; archives are unpacked')
    .requiredOption('--name <name>', 'the dataset; it is made if there is none of that name')
    .option('--description <text>', 'of a new dataset')
    .option('--tag <tag>', 'of a new dataset; may be given many times', collect)
    .addOption(new Option('--visibility <who>', 'of a new dataset').choices(['private', 'group', 'everyone']))
    .option('--group <group>', 'of a new dataset, by name or id')
    .option('--no-unpack', 'keep zip and tar files as they are')
    .addHelpText('after', '\nAn upload that was interrupted goes on where it was when the same command is run again.')
    .action(run);

async function run(paths: string[], options: Options): Promise<void> {
  const { client } = await connect({ retryForMs: 30_000 });
  const { name, description, tag, visibility, group } = options;
  const content = {
    name,
    paths,
    description,
    tags: tag,
    visibility,
    group,
    everything: true,
    ...(options.unpack ? {} : { unpack: false }),
  };
  const added = await interruptible((signal) => addVersion(client, datasets, content, signal));
  const { version, manifest } = added;
  printResult(
    options,
    { name, ...added },
    () =>
      `${name}@${version}: ${formatCount(manifest.fileCount, 'file')}, ${formatBytes(manifest.sizeBytes)}, digest ${manifest.digest.slice(0, 12)}`,
  );
}
