// Removes a folder that a job has written, whatever it has done in there.
import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../python/run-tool.ts';

const TOOLS_PATH = '/usr/bin:/bin';

/** Read-only folders first become writable: otherwise only root could empty them. */
export async function removeTree(root: string): Promise<void> {
  const remove = () => rm(root, { recursive: true, force: true, maxRetries: 3 });
  await remove().catch(async () => {
    for (const folder of await foldersBelow(root)) await chmod(folder, 0o755).catch(() => undefined);
    await remove().catch((error: unknown) => goDown(root, error));
  });
}

/** None where a path is too long to be named. */
async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return [folder, ...folders];
}

/** What is deeper than a path can name is reached step by step, which `rm` does and Node can't. */
async function goDown(root: string, cause: unknown): Promise<void> {
  const { output } = await runTool(['rm', '-rf', '--', root], TOOLS_PATH);
  if (await lstat(root).catch(() => null))
    throw new Error(`The folder ${root} could not be removed: ${output}`, { cause });
}
