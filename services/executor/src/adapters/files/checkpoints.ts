// The checkpoint folders of this node's jobs: stored, and restored where another node's are newer.
import { type BlobStore, makeFolder, syncFolder } from '@baton/blob-store';
import { fits, Manifest, type ManifestSummary } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
import { type Owner, syncTree } from './sync-tree.ts';
import { walkTree } from './tree-walk.ts';

const ROUNDS = 3;
const LOOK_AGAIN_MS = 250;
/** Files of a job that no longer runs. */
const MAX_KEPT = 1_000;

export interface CheckpointFoldersParts {
  readonly paths: StatePaths;
  readonly blobs: BlobStore;
  /** Of this boot of the server. */
  readonly bootId: string;
  /** null or absent: jobs run as the agent's own user. */
  readonly jobUser?: JobUser | null;
}

export class CheckpointFolders implements Checkpoints {
  readonly #paths: StatePaths;
  readonly #blobs: BlobStore;
  readonly #bootId: string;
  /** null: jobs run as the agent's own user. */
  readonly #jobUser: JobUser | null;
  /** By job: what was stored last, so that it is not read again. Lost with the agent, which costs a reading. */
  readonly #last = new Map<string, Reading>();

  constructor({ paths, blobs, bootId, jobUser = null }: CheckpointFoldersParts) {
    this.#paths = paths;
    this.#blobs = blobs;
    this.#bootId = bootId;
    this.#jobUser = jobUser;
  }

  async collect({ jobId }: AttemptKey, running?: WhileRunning): Promise<ManifestSummary | null> {
    if (await this.#mayBeTorn(jobId)) return null;
    const files = await this.#wholeFolder(jobId, running);
    if (files === null || files.size === 0) return null;
    const stored = await putManifest(this.#blobs, files);
    const lineage = await this.#lineage(jobId);
    if (lineage.at(-1) !== stored.digest) await this.#note(jobId, grown(lineage, stored.digest));
    return stored;
  }

  /**
   * Before an attempt: the node's own folder stays if it is as new as what is stored, or newer, and no power cut can have torn it; else
   * `fill` makes the one that takes its place, whole or not at all.
   */
  async restore({ jobId, attempt, checkpoints: asked }: CheckpointsWanted, fill: Fill): Promise<void> {
    const folder = this.#paths.checkpoints(jobId);
    const own = await ownFolder(folder);
    await this.#jobUser?.share(jobId, folder);
    const mayBeTorn = await this.#mayBeTorn(jobId);
    const isNewEnough = isAsNewAs(await this.#lineage(jobId), asked) && !(await isEmpty(folder));
    const isGood = asked === null || (isNewEnough && !mayBeTorn);
    if (!isGood) await this.#refill(jobId, { asked, fill, own, mayBeTorn });
    await this.#write(jobId, this.#paths.checkpointNotes(jobId).usedIn, this.#use(attempt));
  }

  /** What the job has left is on disk when this resolves, and outlasts a power cut. */
  async settle({ jobId, attempt }: AttemptKey): Promise<void> {
    await syncTree(this.#paths.checkpoints(jobId));
    const { root, usedIn } = this.#paths.checkpointNotes(jobId);
    // In one go: the job's next attempt may have the folder at any time.
    if (!existsSync(usedIn) || readFileSync(usedIn, 'utf8') !== this.#use(attempt)) return;
    rmSync(usedIn);
    await syncFolder(root);
  }

  #use(attempt: number): string {
    return `${this.#bootId} ${attempt}`;
  }

  async #refill(jobId: string, { asked, fill, own, mayBeTorn }: Refilling): Promise<void> {
    const folder = this.#paths.checkpoints(jobId);
    const { root, restoring, replaced } = this.#paths.checkpointNotes(jobId);
    for (const left of [restoring, replaced]) await removeTree(left);
    await mkdir(restoring, { recursive: true });
    await fill(asked, restoring).catch((cause: unknown) => Promise.reject(notRestored(cause)));
    await this.#jobUser?.share(jobId, restoring);
    // The note that it is whole must not come before it.
    await syncTree(restoring, own.uid === process.getuid?.() ? undefined : own);
    await rename(folder, replaced);
    await rename(restoring, folder);
    await Promise.all([syncFolder(dirname(folder)), syncFolder(root)]);
    await this.#note(jobId, [asked]);
    this.#last.delete(jobId);
    if (mayBeTorn) await this.#keepAside(jobId);
    else await removeTree(replaced);
  }

  /** Perhaps it is whole after all, and the newest that there is: a person may want it. */
  async #keepAside(jobId: string): Promise<void> {
    const { replaced, beforeBoot } = this.#paths.checkpointNotes(jobId);
    await removeTree(beforeBoot);
    await rename(replaced, beforeBoot);
  }

  /** A job wrote there before the server was started anew, and nobody knows what of it had come to the disk. */
  async #mayBeTorn(jobId: string): Promise<boolean> {
    const { usedIn } = this.#paths.checkpointNotes(jobId);
    const use = await readFile(usedIn, 'utf8').catch(() => null);
    return use !== null && !use.startsWith(`${this.#bootId} `);
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
    await this.#write(jobId, this.#paths.checkpointNotes(jobId).lineage, JSON.stringify(lineage));
  }

  async #write(jobId: string, path: string, text: string): Promise<void> {
    const { root } = this.#paths.checkpointNotes(jobId);
    await makeFolder(root);
    await writeFile(`${path}.new`, text, { flush: true });
    await rename(`${path}.new`, path);
    await syncFolder(root);
  }
}

function notRestored(cause: unknown): unknown {
  // A disk that is full is waited for, a cancellation is no failure; what is missing is not the job's fault.
  if (!(cause instanceof PlatformError) || (cause.code !== 'not_found' && cause.code !== 'invalid_input')) return cause;
  return new PlatformError('internal', `The checkpoints of the job could not be restored: ${cause.message}`, { cause });
}

/** Makes the folder if it isn't one: a job may have removed it, or put a link in its place. */
async function ownFolder(folder: string): Promise<Owner> {
  const found = await lstat(folder).catch(() => null);
  if (found !== null && !found.isDirectory()) await rm(folder, { force: true });
  await mkdir(folder, { recursive: true });
  return lstat(folder);
}

interface Refilling {
  readonly asked: string;
  readonly fill: Fill;
  readonly own: Owner;
  readonly mayBeTorn: boolean;
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await readdir(folder)).every(isUnfinished);
}

async function changedAt(path: string): Promise<number> {
  return (await lstat(path).catch(() => null))?.mtimeMs ?? 0;
}
