// `baton backup restore`.
import { resolve } from 'node:path';
import { homeOf, type HomeOption, loadAdmin, withHome } from '../../admin.ts';
import { EXIT } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { printResult } from '../../output/print.ts';
import { formatAge } from '../../output/units.ts';
import { verb } from '../../verb.ts';

interface Options extends HomeOption {
  readonly json?: boolean;
  readonly backup?: string;
}

export const restoreBackup = () =>
  withHome(verb('restore <folder>', 'make a new state folder from a backup, and compare it; may be repeated'))
    .option('--backup <id>', 'which one, as `baton backup list` names it; default the newest')
    .action(run);

async function run(folder: string, options: Options): Promise<void> {
  const restored = await (await loadAdmin()).restoreBackup(resolve(folder), homeOf(options), options.backup);
  printResult(
    options,
    restored,
    () =>
      `${restored.home} is as ${restored.id} was (${formatAge(restored.at, Date.now())}): ${restored.commits} commits, ${restored.blobs} blobs. Start it with BATON_HOME=${restored.home} npm start.`,
  );
  if (restored.missingBlobs.length === 0) return;
  throw new Failure(EXIT.failed, `Restored, without blobs that the backup lacks: ${restored.missingBlobs.join(', ')}.`);
}
