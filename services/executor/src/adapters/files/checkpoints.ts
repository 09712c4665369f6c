// The checkpoint folders of this node's jobs: stored, and restored where another node's are newer.
import { type BlobStore, syncFolder } from '@baton/blob-store';
import { fits, Manifest, type ManifestSummary } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { chown, type FileHandle, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoints, CheckpointsWanted, Fill, WhileRunning } from '../../app/checkpoints.ts';
import { grown, isAsNewAs, isUnfinished, type Lineage } from '../../domain/checkpoint-lineage.ts';
import { resolveLinks } from '../../domain/inner-links.ts';
import type { AttemptKey } from '../../domain/journal.ts';
import type { JobUser } from '../process/job-user.ts';
import type { StatePaths } from './attempt-paths.ts';
import { CheckpointReading, type Reading, standsStill } from './checkpoint-reading.ts';
import { putManifest } from './put-manifest.ts';
import { removeTree } from './remove-tree.ts';
import type { StoredContent } from './store-file.ts';
import { walkTree } from './tree-walk.ts';

const ROUNDS = 3;
const LOOK_AGAIN_MS = 250;
/** Files of a job that no longer runs. */
const MAX_KEPT = 1_000;

export class CheckpointFolders implements Checkpoints {
  readonly #paths: StatePaths;
  readonly #blobs: BlobStore;
  /** null: jobs run as the agent's own user. */
  readonly #jobUser: JobUser | null;
  /** By job: what was stored last, so that it is not read again. Lost with the agent, which costs a reading. */
  readonly #last = new Map<string, Reading>();

  constructor(paths: StatePaths, blobs: BlobStore, jobUser: JobUser | null = null) {
    this.#paths = paths;
    this.#blobs = blobs;
    this.#jobUser = jobUser;
  }

  async collect({ jobId }: AttemptKey, running?: WhileRunning): Promise<ManifestSummary | null> {
    const files = await this.#wholeFolder(jobId, running);
    if (files === null || files.size === 0) return null;
    const stored = await putManifest(this.#blobs, files);
    const lineage = await this.#lineage(jobId);
    if (lineage.at(-1) !== stored.digest) await this.#note(jobId, grown(lineage, stored.digest));
    return stored;
  }

  /**
   * Before an attempt: the node's own folder stays if it is as new as what is stored, or newer; else `fill` makes the one
   * that takes its place, whole or not at all.
   */
  async restore({ jobId, checkpoints: asked }: CheckpointsWanted, fill: Fill): Promise<void> {
    const folder = this.#paths.checkpoints(jobId);
    const own = await ownFolder(folder);
    await this.#jobUser?.share(jobId, folder);
    if (asked === null || (isAsNewAs(await this.#lineage(jobId), asked) && !(await isEmpty(folder)))) return;
    const { root, restoring, replaced } = this.#paths.checkpointNotes(jobId);
    for (const left of [restoring, replaced]) await removeTree(left);
    await mkdir(restoring, { recursive: true });
    await fill(asked, restoring).catch((cause: unknown) => Promise.reject(notRestored(cause)));
    await this.#jobUser?.share(jobId, restoring);
    await settle(restoring, own);
    await rename(folder, replaced);
    await rename(restoring, folder);
    await Promise.all([syncFolder(dirname(folder)), syncFolder(root)]);
    await this.#note(jobId, [asked]);
    this.#last.delete(jobId);
    await removeTree(replaced);
  }

  /** Removes the folders that nothing has used for so long; the job has ended, or goes on elsewhere. */
  async sweep(inUse: ReadonlySet<string>, unusedForMs: number): Promise<void> {
    const { folders } = this.#paths.checkpointFolders;
    for (const jobId of await readdir(folders).catch(() => [])) {
      if (inUse.has(jobId)) continue;
      const { root, lineage } = this.#paths.checkpointNotes(jobId);
      const used = await Promise.all([folders + '/' + jobId, lineage].map((path) => changedAt(path)));
      if (Date.now() - Math.max(...used) < unusedForMs) continue;
      this.#last.delete(jobId);
      for (const path of [this.#paths.checkpoints(jobId), root]) await removeTree(path);
    }
  }

  /** Null if files kept coming and going: half of them would be worse than what is stored already. */
  async #wholeFolder(jobId: string, running?: WhileRunning): Promise<ReadonlyMap<string, StoredContent> | null> {
    const folder = this.#paths.checkpoints(jobId);
    for (let round = 0; round < ROUNDS; round += 1) {
      const last = this.#last.get(jobId) ?? new Map();
      const reading = new CheckpointReading(this.#blobs, last, running);
      if (!(await walkTree(folder, reading, this.#jobUser?.uid))) return null;
      if (running) await sleep(LOOK_AGAIN_MS, undefined, { signal: running.signal });
      const now = new CheckpointReading(null, last);
      await walkTree(folder, now, this.#jobUser?.uid);
      // What was read is not read again, whether the folder stood still or not.
      if (running || reading.read.size <= MAX_KEPT) this.#last.set(jobId, reading.read);
      else this.#last.delete(jobId);
      if (!standsStill(reading, now)) continue;
      const files = await this.#settled(jobId, reading, now);
      return new Map([...files, ...resolveLinks(files, reading.links, folder).files]);
    }
    return null;
  }

  /** A file that is being written to counts as it was when it was stored last, if it ever was. */
  async #settled(
    jobId: string,
    reading: CheckpointReading,
    now: CheckpointReading,
  ): Promise<ReadonlyMap<string, StoredContent>> {
    const busy = reading.changedUntil(now);
    const files = new Map([...reading.read].map(([path, { content }]) => [path, content]));
    if (busy.length === 0) return files;
    const before = await this.#storedLast(jobId);
    for (const path of busy) {
      const content = before.get(path);
      files.delete(path);
      this.#last.get(jobId)?.delete(path);
      if (content) files.set(path, content);
    }
    return files;
  }

  async #storedLast(jobId: string): Promise<ReadonlyMap<string, StoredContent>> {
    const digest = (await this.#lineage(jobId)).at(-1);
    const bytes = digest === undefined ? null : await this.#blobs.read(digest).catch(() => null);
    const manifest: unknown = bytes === null ? null : JSON.parse(bytes.toString());
    return new Map(fits(Manifest, manifest) ? manifest.files.map(({ path, ...content }) => [path, content]) : []);
  }

  async #lineage(jobId: string): Promise<Lineage> {
    try {
      const noted: unknown = JSON.parse(await readFile(this.#paths.checkpointNotes(jobId).lineage, 'utf8'));
      return Array.isArray(noted) ? noted.filter((one) => typeof one === 'string') : [];
    } catch {
      return [];
    }
  }

  async #note(jobId: string, lineage: Lineage): Promise<void> {
    const { root, lineage: path } = this.#paths.checkpointNotes(jobId);
    await mkdir(root, { recursive: true });
    await writeFile(`${path}.new`, JSON.stringify(lineage), { flush: true });
    await rename(`${path}.new`, path);
    await syncFolder(root);
  }
}

function notRestored(cause: unknown): unknown {
  // A disk that is full is waited for, a cancellation is no failure; what is missing is not the job's fault.
  if (!(cause instanceof PlatformError) || (cause.code !== 'not_found' && cause.code !== 'invalid_input')) return cause;
  return new PlatformError('internal', `The checkpoints of the job could not be restored: ${cause.message}`, { cause });
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Makes the folder if it isn't one: a job may have removed it, or put a link in its place. */
async function ownFolder(folder: string): Promise<Owner> {
  const found = await lstat(folder).catch(() => null);
  if (found !== null && !found.isDirectory()) await rm(folder, { force: true });
  await mkdir(folder, { recursive: true });
  return lstat(folder);
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await readdir(folder)).every(isUnfinished);
}

/** On disk, and the job's own: the note that it is whole must not come before it. */
async function settle(folder: string, { uid, gid }: Owner): Promise<void> {
  const isOurs = uid === process.getuid?.();
  const own = async (handle: FileHandle) => {
    if (!isOurs) await handle.chown(uid, gid);
    await handle.sync();
  };
  await walkTree(folder, { file: (_path, handle) => own(handle), link: () => {}, odd: () => {} });
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => `${entry.parentPath}/${entry.name}`);
  for (const path of [...folders, folder]) {
    if (!isOurs) await chown(path, uid, gid);
    await syncFolder(path);
  }
}

async function changedAt(path: string): Promise<number> {
  return (await lstat(path).catch(() => null))?.mtimeMs ?? 0;
}
