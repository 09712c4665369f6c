// Shows cached trees to attempts by read-only bind mounts, and takes every one of them away again.
import { PlatformError } from '@baton/errors';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../python/run-tool.ts';
import { isBelow, type Mount, mountsOf, readMounts } from './mount-table.ts';

const TOOLS_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const TOOL = { timeoutMs: 10_000 } as const;

export class ReadOnlyMounts {
  readonly #source: string;

  private constructor(source: string) {
    this.#source = source;
  }

  /** Null where this process may not mount. `source` is the folder that everything mounted lies below. */
  static async open(source: string): Promise<ReadOnlyMounts | null> {
    if (process.getuid?.() !== 0) return null;
    const from = join(source, 'probe');
    const to = join(source, 'probe-mount');
    await Promise.all([from, to].map((path) => mkdir(path, { recursive: true })));
    const mounts = new ReadOnlyMounts(await realpath(source));
    try {
      await mounts.show(from, to);
      return mounts;
    } catch {
      return null;
    } finally {
      await mounts.take([to]);
      await Promise.all([from, to].map((path) => rm(path, { recursive: true, force: true })));
    }
  }

  /** `unavailable` if the mount is not there, read-only, afterwards; then nothing is. */
  async show(tree: string, point: string): Promise<void> {
    const { code, output } = await runTool(['mount', '-o', 'bind,ro,nosuid,nodev', tree, point], TOOLS_PATH, TOOL);
    const real = await realpath(point);
    const made = readMounts().findLast((mount) => mount.point === real);
    if (code === 0 && made?.readOnly === true) return;
    if (made !== undefined) await unmount(made.point);
    throw new PlatformError('unavailable', 'The data could not be mounted on the node.', { detail: output.trim() });
  }

  /** Everything of the cache that is shown below `folders`. Gives what could not be unmounted. */
  async take(folders: readonly string[]): Promise<readonly string[]> {
    return this.#unmountAll(folders, (point, real) => real.some((folder) => isBelow(point, folder)));
  }

  /** Everything of the cache that is shown elsewhere than below `folders`: left behind by a crash, or moved by a job. */
  async takeAllBut(folders: readonly string[]): Promise<readonly string[]> {
    return this.#unmountAll(folders, (point, real) => !real.some((folder) => isBelow(point, folder)));
  }

  /** Both in one look at the kernel's table: everything below `own`, and everything that is not below `all`. */
  async takeAway(own: string, all: string): Promise<readonly string[]> {
    return this.#unmountAll(
      [own, all],
      (point, [ownReal = own, allReal = all]) => isBelow(point, ownReal) || !isBelow(point, allReal),
    );
  }

  /** `which` is told where the folders really are. */
  async #unmountAll(
    folders: readonly string[],
    which: (point: string, real: readonly string[]) => boolean,
  ): Promise<readonly string[]> {
    const shown = () => mountsOf(this.#source, readMounts());
    const before = shown();
    if (before.length === 0) return [];
    const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
    const wanted = (mounts: readonly Mount[]) => mounts.filter(({ point }) => which(point, real));
    const mounts = wanted(before);
    if (mounts.length === 0) return [];
    // The deepest and newest first.
    for (const { point } of mounts.toReversed()) await unmount(point);
    return wanted(shown()).map(({ point }) => point);
  }
}

/** Lazily where something still holds it: it vanishes from every path at once, and for good when the last file is closed. */
async function unmount(point: string): Promise<void> {
  const { code } = await runTool(['umount', '--no-canonicalize', point], TOOLS_PATH, TOOL);
  if (code !== 0) await runTool(['umount', '--no-canonicalize', '--lazy', point], TOOLS_PATH, TOOL);
}
