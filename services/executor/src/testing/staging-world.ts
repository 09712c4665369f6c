// Everything that brings inputs to a node, over a temporary folder, without an agent around it.
import { type BlobStore, type LocalBlobs, openFileBlobStore } from '@baton/blob-store';
import type { DesiredAttempt } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { inputsInUse } from '../adapters/files/inputs-in-use.ts';
import { StatePaths } from '../adapters/files/attempt-paths.ts';
import { CheckpointFolders } from '../adapters/files/checkpoints.ts';
import { AttemptWorkspaces } from '../adapters/files/workspace.ts';
import { bootId } from '../adapters/process/proc.ts';
import { EnvironmentBuilder } from '../adapters/python/environment-builder.ts';
import { FileBlobSource } from '../adapters/staging/file-blob-source.ts';
import { NodeCache } from '../adapters/staging/node-cache.ts';
import { ReadOnlyMounts } from '../adapters/staging/read-only-mounts.ts';
import { Stager } from '../adapters/staging/stager.ts';
import { TreeCache } from '../adapters/staging/tree-cache.ts';
import type { BlobSource, FetchOptions } from '../app/blob-source.ts';
import type { Reporter } from '../app/ports.ts';

export interface StagingOptions {
  /** Default: beside the blobs. */
  readonly folder?: string;
  readonly source?: BlobSource;
  readonly mounts?: boolean;
  readonly limitBytes?: number;
  readonly bytesPerSecond?: number;
  readonly bootId?: string;
}

export interface Staging {
  readonly paths: StatePaths;
  readonly workspaces: AttemptWorkspaces;
  readonly cache: NodeCache;
  readonly stager: Stager;
  readonly environments: EnvironmentBuilder;
  /** Stands for the journal: these attempts are named in it. */
  readonly journal: Set<DesiredAttempt>;
}

export async function openStaging(
  blobs: BlobStore & LocalBlobs,
  root: string,
  options: StagingOptions = {},
): Promise<Staging> {
  const paths = new StatePaths(options.folder ?? join(root, 'agent'));
  const journal = new Set<DesiredAttempt>();
  const rate = options.bytesPerSecond ?? null;
  const stager = new Stager({ ionice: null, busyBytesPerSecond: rate, idleBytesPerSecond: rate, busy: () => false });
  const cache = await NodeCache.open({
    folder: paths.cache,
    environments: paths.environments,
    limitBytes: options.limitBytes ?? null,
    stager,
    inUse: () => inputsInUse(paths, [...journal]),
    bootId: options.bootId ?? bootId(),
  });
  const path = process.env['PATH'] ?? '';
  const environments = new EnvironmentBuilder({ cache, python: null, uv: installedUv(), path, jobUser: null });
  const workspaces = new AttemptWorkspaces({
    paths,
    cache,
    trees: new TreeCache(cache, options.source ?? new FileBlobSource(blobs)),
    environments,
    checkpoints: new CheckpointFolders({ paths, blobs, bootId: options.bootId ?? bootId() }),
    mounts: options.mounts === false ? null : await ReadOnlyMounts.open(paths.cache),
    jobUser: null,
    reporter: silent,
  });
  return { paths, workspaces, cache, stager, environments, journal };
}

export function openBlobs(root: string): Promise<BlobStore & LocalBlobs> {
  return openFileBlobStore({ folder: join(root, 'blobs') });
}

const silent: Reporter = { info: () => {}, warn: () => {}, error: () => {} };

/** The one that the tests' Python environment brings; null: whatever is on the PATH, else pip. */
export function installedUv(): string | null {
  const beside = join(dirname(process.env['BATON_PYTHON'] ?? ''), 'uv');
  return process.env['BATON_UV'] ?? (existsSync(beside) ? beside : null);
}

/** Random files of these sizes, in a manifest. */
export async function storeRandom(
  blobs: BlobStore,
  sizes: readonly number[],
): Promise<{ digest: string; blobs: string[] }> {
  const files = [];
  for (const [index, size] of sizes.entries()) {
    const { digest, sizeBytes } = await blobs.put(randomBytes(size));
    files.push({ path: `part-${index}`, digest, sizeBytes });
  }
  const manifest = await blobs.put(Buffer.from(JSON.stringify({ files })));
  return { digest: manifest.digest, blobs: files.map(({ digest }) => digest) };
}

/** A source that is elsewhere: as it would be over a network, with its faults. */
export class DistantSource implements BlobSource {
  readonly fetches: { readonly digest: string; readonly from: number }[] = [];
  /** Called before each fetch; may throw, or change what arrives. */
  fault: (content: Buffer, from: number) => Buffer = (content) => content;
  readonly #blobs: BlobStore;

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  read(digest: string): Promise<Buffer> {
    return this.#blobs.read(digest);
  }

  async fetch(digest: string, into: string, { signal, pace }: FetchOptions): Promise<void> {
    const from = await stat(into).then(
      ({ size }) => size,
      () => 0,
    );
    this.fetches.push({ digest, from });
    const whole = await buffer(await this.#blobs.open(digest));
    const content = this.fault(whole.subarray(from), from);
    await pace.take(content.length, signal);
    await appendFile(into, content);
    if (from + content.length < whole.length) throw new PlatformError('unavailable', 'The line broke.');
  }
}
