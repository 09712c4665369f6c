// Makes a tool in a scratch folder and moves it into place in one step, so that half a tool is never seen.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { toolsFolder } from '../paths.mjs';
import { withLock } from '../process/lock.mjs';
import { withProgress } from '../process/progress.mjs';

/**
 * Returns `target`, made first if it isn't there: `make(scratch)` works in an empty folder and returns the path of the
 * finished file or folder.
 */
export async function stagedTool(target, label, make) {
  if (existsSync(target)) return target;
  const name = basename(target);
  return withLock(name, async () => {
    if (existsSync(target)) return target;
    const scratch = join(toolsFolder, 'scratch', name);
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    mkdirSync(dirname(target), { recursive: true });
    try {
      renameSync(await withProgress(label, () => make(scratch)), target);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
    return target;
  });
}
