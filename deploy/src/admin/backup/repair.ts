// Puts back blobs whose content is damaged, from a folder of backups, in the store and in the agent's cache; also while the platform runs.
import { join } from 'node:path';
import { PlatformError } from '@baton/errors';
import type { RepairedBlobs } from '@baton/log-archive';
import { existingHome } from '../open-log.ts';
import { paths, readSets } from './backup-set.ts';
import { blobsIn, digestOfFile, writeBlob } from './blob-copies.ts';
import { linksOf, relink } from './blob-links.ts';

/** Every blob is read. Throws `not_found` where there is no installation, or no backup. */
export async function repairBlobs(homeFolder: string, folder: string): Promise<RepairedBlobs> {
  const home = existingHome(homeFolder);
  if ((await readSets(folder)).length === 0)
    throw new PlatformError(
      'not_found',
      `${folder} holds no backup. Name a folder that \`baton backup create\` has filled.`,
    );
  let blobs = 0;
  const repaired: string[] = [];
  const unrepaired: string[] = [];
  for await (const { digest, path } of blobsIn(join(home, 'blobs'))) {
    blobs += 1;
    if ((await digestOfFile(path)) === digest) continue;
    const links = await linksOf(path, join(home, 'agent', 'cache'));
    const written = await writeBlob(paths.blob(folder, digest), path, digest);
    if (written === 'copied') for (const name of links) await relink(path, name);
    (written === 'copied' ? repaired : unrepaired).push(digest);
  }
  return { blobs, repaired, unrepaired };
}
