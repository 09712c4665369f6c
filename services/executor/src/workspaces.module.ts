// Wires how inputs come to this node: its cache, the staging threads, read-only mounts and environments.
import type { BlobSource, Pace } from './app/blob-source.ts';
import type { Journal } from './app/journal.ts';
import type { Reporter } from './app/ports.ts';
import { inputsInUse } from './adapters/files/inputs-in-use.ts';
import type { StatePaths } from './adapters/files/attempt-paths.ts';
import { AttemptWorkspaces, type WorkspaceParts } from './adapters/files/workspace.ts';
import type { JobUser } from './adapters/process/job-user.ts';
import { findOnPath } from './adapters/process/find-command.ts';
import { bootId } from './adapters/process/proc.ts';
import { EnvironmentBuilder } from './adapters/python/environment-builder.ts';
import { NodeCache } from './adapters/staging/node-cache.ts';
import { ReadOnlyMounts } from './adapters/staging/read-only-mounts.ts';
import { Stager } from './adapters/staging/stager.ts';
import { TreeCache } from './adapters/staging/tree-cache.ts';
import type { AgentConfig } from './config.ts';

/** While a job runs on the node, unless the configuration says otherwise: a twentieth of what a slow SSD reads. */
const BUSY_BYTES_PER_S = 64 * 2 ** 20;

export interface WorkspacesParts {
  readonly config: Pick<AgentConfig, 'cacheBytes' | 'stageBytesPerSecond' | 'python' | 'uv' | 'jobPath'>;
  readonly paths: StatePaths;
  readonly source: BlobSource;
  readonly journal: Pick<Journal, 'state'>;
  readonly reporter: Reporter;
  readonly checkpoints: WorkspaceParts['checkpoints'];
  readonly jobUser: JobUser | null;
}

export interface OpenedWorkspaces {
  readonly workspaces: AttemptWorkspaces;
  /** The node's budget for what happens beside its jobs. */
  readonly pace: Pace;
}

export async function openWorkspaces(parts: WorkspacesParts): Promise<OpenedWorkspaces> {
  const { config, paths, source, journal, reporter, checkpoints, jobUser } = parts;
  const attempts = () => Object.values(journal.state.attempts);
  const stager = new Stager({
    ionice: await findOnPath('ionice', config.jobPath),
    busyBytesPerSecond: config.stageBytesPerSecond ?? BUSY_BYTES_PER_S,
    idleBytesPerSecond: config.stageBytesPerSecond,
    busy: () => attempts().some((attempt) => attempt.phase === 'running' && !attempt.isReleased),
  });
  const cache = await NodeCache.open({
    folder: paths.cache,
    environments: paths.environments,
    limitBytes: config.cacheBytes,
    stager,
    inUse: () =>
      inputsInUse(
        paths,
        attempts().map(({ spec }) => spec),
      ),
    bootId: bootId(),
  });
  const { python, uv, jobPath } = config;
  const workspaces = new AttemptWorkspaces({
    paths,
    cache,
    trees: new TreeCache(cache, source),
    environments: new EnvironmentBuilder({ cache, python, uv, path: jobPath, jobUser }),
    checkpoints,
    mounts: await ReadOnlyMounts.open(paths.cache),
    jobUser,
    reporter,
  });
  const alive = attempts().filter(({ phase }) => phase !== 'ended');
  await workspaces.sweep(alive.map(({ spec: { jobId, attempt } }) => ({ jobId, attempt })));
  return { workspaces, pace: stager };
}
