// `baton backup create`.
import { resolve } from 'node:path';
import { homeOf, type HomeOption, loadAdmin, withHome } from '../../admin.ts';
import { EXIT } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { printResult } from '../../output/print.ts';
import { formatBytes } from '../../output/units.ts';
import { verb } from '../../verb.ts';

export const createBackup = () =>
  withHome(
    verb('create <folder>', 'add a backup to a folder of backups; also while Baton runs. Only what is new is copied'),
  ).action(run);

async function run(folder: string, options: HomeOption & { readonly json?: boolean }): Promise<void> {
  const made = await (await loadAdmin()).createBackup(homeOf(options), resolve(folder));
  printResult(
    options,
    made,
    () =>
      `${made.id}: ${made.commits} commits (${made.newCommits} new), ${made.blobs} blobs (${made.newBlobs} new, ${formatBytes(made.newBlobBytes)})`,
  );
  if (made.damagedBlobs.length === 0) return;
  throw new Failure(
    EXIT.failed,
    `The backup was made, without blobs whose content is damaged here: ${made.damagedBlobs.join(', ')}.`,
  );
}
