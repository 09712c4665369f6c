// An attempt's folders: code copied in, datasets shown read-only from the node's cache, the environment built or found again.
import { syncFolder } from '@baton/blob-store';
import type { DesiredAttempt } from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckpointsWanted, Fill } from '../../app/checkpoints.ts';
import type { Prepared, PrepareOptions, Reporter, Workspaces } from '../../app/ports.ts';
import { type AttemptKey, attemptName } from '../../domain/journal.ts';
import { isSafePath } from '../../domain/safe-path.ts';
import type { JobUser } from '../process/job-user.ts';
import type { EnvironmentBuilder } from '../python/environment-builder.ts';
import { percent } from '../staging/blob-fetcher.ts';
import type { NodeCache, ShelfName } from '../staging/node-cache.ts';
import type { ReadOnlyMounts } from '../staging/read-only-mounts.ts';
import type { Tree, TreeCache } from '../staging/tree-cache.ts';
import type { AttemptPaths, StatePaths } from './attempt-paths.ts';
import { removeTree } from './remove-tree.ts';
import { syncFile, syncTree } from './sync-tree.ts';

const FULL_RETRY_MS = 2_000;
const FULL_AT_MOST_MS = 30 * 60 * 1_000;

export interface WorkspaceParts {
  readonly paths: StatePaths;
  readonly cache: NodeCache;
  readonly trees: TreeCache;
  readonly environments: EnvironmentBuilder;
  readonly checkpoints: {
    restore(wanted: CheckpointsWanted, fill: Fill): Promise<void>;
    settle(key: AttemptKey): Promise<void>;
  };
  /** null: datasets are copied. */
  readonly mounts: ReadOnlyMounts | null;
  /** null: jobs run as the agent's own user. */
  readonly jobUser: JobUser | null;
  readonly reporter: Reporter;
}

export class AttemptWorkspaces implements Workspaces {
  readonly #parts: WorkspaceParts;
  /** What is being brought to the disk, by attempt. */
  readonly #settling = new Map<string, Promise<void>>();

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
  }

  /** At the agent's start: data that is shown to none of these attempts is not shown any more. */
  async sweep(alive: readonly AttemptKey[]): Promise<void> {
    const { mounts, paths } = this.#parts;
    const left = await mounts?.takeAllBut(alive.map((key) => paths.attempt(key).root));
    this.#complain(left ?? []);
  }

  async prepare(spec: DesiredAttempt, options: PrepareOptions): Promise<Prepared> {
    const deadline = performance.now() + FULL_AT_MOST_MS;
    for (;;) {
      try {
        return await this.#prepareHolding(spec, options);
      } catch (error) {
        if (!isFull(error)) throw error;
        // What was put there for it is room for others meanwhile.
        await this.#clear(spec);
        if (performance.now() > deadline) throw full(error);
      }
      options.onProgress('waiting for disk space: the disk of the node is full');
      await sleep(FULL_RETRY_MS, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
    }
  }

  async keepSecrets(key: AttemptKey, values: readonly string[]): Promise<void> {
    const { root, secrets } = this.#parts.paths.attempt(key);
    await writeFile(secrets, JSON.stringify(values), { mode: 0o600, flush: true });
    // Output that is there after a power cut must not be shipped without them.
    for (const folder of [root, dirname(root)]) await syncFolder(folder);
  }

  async secrets(key: AttemptKey): Promise<readonly string[]> {
    try {
      return JSON.parse(await readFile(this.#parts.paths.attempt(key).secrets, 'utf8')) as string[];
    } catch {
      return [];
    }
  }

  async release(key: AttemptKey): Promise<void> {
    const { mounts, paths } = this.#parts;
    if (mounts === null) return;
    const { root } = paths.attempt(key);
    try {
      // A job may have moved its folder, with the data in it, to somewhere else.
      this.#complain(await mounts.takeAway(root, paths.attempts));
    } catch {
      this.#complain([root]);
    }
  }

  async settle(key: AttemptKey): Promise<void> {
    const name = attemptName(key);
    const settling = this.#settle(key).catch((error: unknown) => {
      // It counts as long as the server is up.
      const words = 'what an attempt left could not be brought to the disk';
      this.#parts.reporter.warn({ ...key, error: String(error) }, words);
    });
    this.#settling.set(name, settling);
    await settling;
    this.#settling.delete(name);
  }

  async #settle(key: AttemptKey): Promise<void> {
    const own = this.#parts.paths.attempt(key);
    for (const path of [own.output, own.run]) await syncTree(path);
    for (const path of [join(own.root, 'stdout'), join(own.root, 'stderr')]) await syncFile(path);
    await this.#parts.checkpoints.settle(key);
    await syncFolder(own.root);
    await writeFile(own.settled, '', { flush: true });
    await syncFolder(own.root);
  }

  async remove(key: AttemptKey): Promise<void> {
    await this.#settling.get(attemptName(key));
    await this.#clear(key);
  }

  async #clear(key: AttemptKey): Promise<void> {
    await this.release(key);
    // Through a mount that is still there nothing can be removed: it is read-only.
    await removeTree(this.#parts.paths.attempt(key).root);
  }

  async #prepareHolding(spec: DesiredAttempt, options: PrepareOptions): Promise<Prepared> {
    const held: (() => void)[] = [];
    const hold = (shelf: ShelfName, name: string) => void held.push(this.#parts.cache.hold(shelf, name));
    try {
      return await this.#prepareOnce(spec, { ...options, hold });
    } finally {
      // From here on the journal says what is in use.
      for (const letGo of held) letGo();
    }
  }

  async #prepareOnce(spec: DesiredAttempt, run: Run): Promise<Prepared> {
    const { paths, environments } = this.#parts;
    const own = paths.attempt(spec);
    const checkpoints = paths.checkpoints(spec.jobId);
    // A preparation that was cut off by a crash begins anew: nothing has run in there.
    if (existsSync(own.root)) await this.#clear(spec);
    await mkdir(own.root, { recursive: true, mode: 0o700 });
    const folders = [own.work, own.output, own.datasets, own.temporary, own.run, own.signs];
    for (const folder of folders) await mkdir(folder, { recursive: true });
    if (spec.code !== null) await this.#copy({ digest: spec.code, what: 'code' }, own.work, run);
    for (const dataset of spec.datasets) await this.#dataset(dataset, own, run);
    await this.#parts.checkpoints.restore(spec, (digest, into) =>
      this.#copy({ digest, what: 'checkpoints' }, into, run),
    );
    const environment = await environments.find(
      spec.environment,
      { codeFolder: own.work, hold: (name) => run.hold('environments', name) },
      run,
    );
    if (environment.cached !== null) await writeFile(own.environment, environment.cached);
    await this.#parts.jobUser?.handOver(spec.jobId, own);
    const { pathFirst, virtualEnvironment } = environment;
    const { work, output, datasets, temporary } = own;
    return { folders: { work, output, datasets, temporary, checkpoints }, pathFirst, virtualEnvironment };
  }

  async #dataset({ as, digest }: DesiredAttempt['datasets'][number], own: AttemptPaths, run: Run): Promise<void> {
    if (!isSafePath(as)) throw new PlatformError('invalid_input', `"${as}" is no name for a dataset's folder.`);
    const { mounts, trees } = this.#parts;
    const what = `dataset ${as}`;
    const folder = join(own.datasets, as);
    run.hold('trees', digest);
    const tree = await trees.find({ digest, what }, run);
    if (mounts === null) return this.#copyTree(tree, folder, { ...run, what, readOnly: true });
    await mkdir(folder, { recursive: true });
    await mounts.show(tree.folder, folder);
  }

  /** The job's own, to write to as well. */
  async #copy(wanted: { readonly digest: string; readonly what: string }, folder: string, run: Run): Promise<void> {
    run.hold('trees', wanted.digest);
    const tree = await this.#parts.trees.find(wanted, run);
    await this.#copyTree(tree, folder, { ...run, what: wanted.what, readOnly: false });
  }

  async #copyTree(tree: Tree, to: string, { what, readOnly, signal, onProgress }: CopyRun): Promise<void> {
    const { cache } = this.#parts;
    await cache.makeRoom({ what, cacheBytes: 0, diskBytes: tree.sizeBytes }, { signal, onProgress });
    const onBytes = (bytes: number) => onProgress(`copying ${what} ${percent(bytes, tree.sizeBytes)}`);
    await cache.stager.run({ type: 'copy', from: tree.folder, to, readOnly }, { signal, onBytes });
  }

  #complain(points: readonly string[]): void {
    if (points.length > 0)
      this.#parts.reporter.warn({ points }, 'data of an attempt that is over could not be unmounted');
  }
}

interface Run extends PrepareOptions {
  readonly hold: (shelf: ShelfName, name: string) => void;
}
interface CopyRun extends PrepareOptions {
  readonly what: string;
  readonly readOnly: boolean;
}

const FULL_CODES = new Set(['ENOSPC', 'EDQUOT']);

function isFull(error: unknown): boolean {
  return hasCode(error, 'storage_full') || FULL_CODES.has((error as NodeJS.ErrnoException | null)?.code ?? '');
}

function full(error: unknown): unknown {
  if (hasCode(error, 'storage_full')) return error;
  return new PlatformError('storage_full', 'The disk of the node is full.', { cause: error });
}
