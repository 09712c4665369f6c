// `baton model push`.
import { Option } from 'commander';
import { addVersion } from '../../content/add-version.ts';
import { interruptible } from '../../interrupt.ts';
import { printResult } from '../../output/print.ts';
import { formatBytes, formatCount } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { collect, verb } from '../../verb.ts';
import { models } from '../catalogue/catalogue.ts';

interface Options {
  readonly name: string;
  readonly kind?: string;
  readonly trained?: boolean;
  readonly description?: string;
  readonly tag?: string[];
  readonly visibility?: 'private' | 'group' | 'everyone';
  readonly group?: string;
  readonly json?: boolean;
}

export const pushModel = () =>
  verb('push <path...>', 'make a version of a model from code, weights or both')
    .requiredOption('--name <name>', 'the model; it is made if there is none of that name')
    .addOption(
      new Option('--kind <kind>', 'what it holds; found out from the files if absent').choices([
        'code',
        'weights',
        'both',
      ]),
    )
    .option('--trained', 'the weights are trained ones')
    .option('--description <text>', 'of a new model')
    .option('--tag <tag>', 'of a new model; may be given many times', collect)
    .addOption(new Option('--visibility <who>', 'of a new model').choices(['private', 'group', 'everyone']))
    .option('--group <group>', 'of a new model, by name or id')
    .addHelpText(
      'after',
      '\nOf a folder, version control, caches and installed packages (.git, __pycache__, .venv, node_modules) are left out.',
    )
    .action(run);

async function run(paths: string[], options: Options): Promise<void> {
  const { client } = await connect({ retryForMs: 30_000 });
  const { name, kind, trained, description, tag, visibility, group } = options;
  const content = { name, paths, kind, trained, description, tags: tag, visibility, group };
  const added = await interruptible((signal) => addVersion(client, models, content, signal));
  const { version, manifest } = added;
  printResult(
    options,
    { name, ...added },
    () => `${name}@${version}: ${formatCount(manifest.fileCount, 'file')}, ${formatBytes(manifest.sizeBytes)}`,
  );
}
