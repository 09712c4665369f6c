// `baton dataset download`, `baton model download`.
import { downloadFiles, type Downloaded } from '../../content/download-files.ts';
import type { OpenFile } from '../../content/fetch-file.ts';
import { EXIT } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { interruptible } from '../../interrupt.ts';
import { parseVersionedName } from '../../job/job-flags.ts';
import { printResult } from '../../output/print.ts';
import { formatBytes, formatCount } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { type Catalogue, versionOf } from './catalogue.ts';

interface Options {
  readonly to?: string;
  readonly json?: boolean;
}

export const downloadThing = (catalogue: Catalogue) =>
  verb('download <name[@version]>', `fetch the files of a ${catalogue.noun}'s version, each checked by its SHA-256`)
    .option('--to <folder>', 'where they go; default: a folder named after it')
    .action((name: string, options: Options) => run(catalogue, name, options));

async function run(catalogue: Catalogue, name: string, options: Options): Promise<void> {
  const { client } = await connect();
  const things = catalogue.of(client);
  const { ref, version: wanted } = parseVersionedName(name);
  const thing = await things.get(ref);
  const version = versionOf(thing, wanted);
  if (!version)
    throw new Failure(EXIT.notFound, `${thing.name} has no version ${wanted === 'latest' ? 'yet' : wanted}.`);
  const { files } = await things.manifest(thing.id, version.version);
  const folder = options.to ?? thing.name;
  const open: OpenFile = (path, request) => things.file(thing.id, version.version, path, request);
  const result = await interruptible((signal) => downloadFiles({ files, folder, open, signal }));
  printResult(
    options,
    { name: thing.name, version: version.version, ...result },
    () => `${thing.name}@${version.version}: ${downloadText(result)}`,
  );
}

export function downloadText({ folder, fileCount, sizeBytes, unchangedCount }: Downloaded): string {
  const unchanged = unchangedCount === 0 ? '' : `; there already: ${unchangedCount}`;
  return `${formatCount(fileCount, 'file')}, ${formatBytes(sizeBytes)}, in ${folder}${unchanged}`;
}
