// `baton backup repair`.
import { resolve } from 'node:path';
import { homeOf, type HomeOption, loadAdmin, withHome } from '../../admin.ts';
import { EXIT } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { printResult } from '../../output/print.ts';
import { verb } from '../../verb.ts';

export const repairBlobs = () =>
  withHome(
    verb('repair <folder>', 'read all blobs, and put back the damaged ones from the backups; also while Baton runs'),
  ).action(run);

async function run(folder: string, options: HomeOption & { readonly json?: boolean }): Promise<void> {
  const result = await (await loadAdmin()).repairBlobs(homeOf(options), resolve(folder));
  const { blobs, repaired, unrepaired } = result;
  printResult(options, result, () =>
    [
      `${blobs} blobs were read, ${repaired.length + unrepaired.length} of them damaged.`,
      ...repaired.map(wasRepaired),
    ].join('\n'),
  );
  if (unrepaired.length === 0) return;
  throw new Failure(
    EXIT.failed,
    `Damaged, and the backups have no good copy: ${unrepaired.join(', ')}. Upload the same content again after removing these files.`,
  );
}

function wasRepaired(digest: string): string {
  return `repaired ${digest}`;
}
