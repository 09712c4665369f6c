// An attempt's folders: code copied in, datasets read-only, the environment built or found again.
import type { BlobStore } from '@baton/blob-store';
import { type DesiredAttempt, fits, Manifest, type ManifestFile } from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Prepared, Workspaces } from '../../app/ports.ts';
import { type AttemptKey } from '../../domain/journal.ts';
import { isSafePath } from '../../domain/safe-path.ts';
import type { EnvironmentBuilder } from '../python/environment-builder.ts';
import type { AttemptPaths, StatePaths } from './attempt-paths.ts';

const CONCURRENT_COPIES = 8;

export interface WorkspaceParts {
  readonly paths: StatePaths;
  readonly blobs: BlobStore;
  readonly environments: EnvironmentBuilder;
}

export class AttemptWorkspaces implements Workspaces {
  readonly #parts: WorkspaceParts;

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
  }

  async prepare(spec: DesiredAttempt, signal: AbortSignal): Promise<Prepared> {
    const { paths, environments } = this.#parts;
    const own = paths.attempt(spec);
    const checkpoints = paths.checkpoints(spec.jobId);
    // A preparation that was cut off by a crash begins anew: nothing has run in there.
    await removeTree(own.root);
    await mkdir(own.root, { recursive: true, mode: 0o700 });
    await Promise.all(
      [own.work, own.output, own.datasets, own.temporary, own.run, checkpoints].map((path) =>
        mkdir(path, { recursive: true }),
      ),
    );
    if (spec.code !== null) await this.#fill(own.work, spec.code, { what: 'code', readOnly: false, signal });
    for (const { as, digest } of spec.datasets) {
      if (!isSafePath(as)) throw new PlatformError('invalid_input', `"${as}" is no name for a dataset's folder.`);
      await this.#fill(join(own.datasets, as), digest, { what: `dataset "${as}"`, readOnly: true, signal });
    }
    const environment = await environments.find(spec.environment, own.work, signal);
    const { work, output, datasets, temporary } = own;
    return { folders: { work, output, datasets, temporary, checkpoints }, ...environment };
  }

  async keepSecrets(key: AttemptKey, values: readonly string[]): Promise<void> {
    await writeFile(this.#parts.paths.attempt(key).secrets, JSON.stringify(values), { mode: 0o600 });
  }

  async secrets(key: AttemptKey): Promise<readonly string[]> {
    try {
      return JSON.parse(await readFile(this.#parts.paths.attempt(key).secrets, 'utf8')) as string[];
    } catch {
      return [];
    }
  }

  async remove(key: AttemptKey): Promise<void> {
    const paths: AttemptPaths = this.#parts.paths.attempt(key);
    await removeTree(paths.root);
  }

  async #fill(folder: string, digest: string, options: FillOptions): Promise<void> {
    const { blobs } = this.#parts;
    const { files } = await readManifest(blobs, digest, options.what);
    const folders = [...new Set([folder, ...files.map((file) => dirname(join(folder, file.path)))])];
    for (const path of folders) await mkdir(path, { recursive: true });
    const queue = [...files];
    const worker = async () => {
      for (let file = queue.pop(); file; file = queue.pop()) {
        options.signal.throwIfAborted();
        await place(blobs, file, join(folder, file.path), options);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_COPIES }, worker));
    if (options.readOnly) for (const path of await foldersBelow(folder)) await chmod(path, 0o555);
  }
}

interface FillOptions {
  readonly what: string;
  readonly readOnly: boolean;
  readonly signal: AbortSignal;
}

async function place(blobs: BlobStore, file: ManifestFile, path: string, options: FillOptions): Promise<void> {
  const executable = file.executable === true ? 0o111 : 0;
  try {
    await blobs.copyTo(file.digest, path, (options.readOnly ? 0o444 : 0o644) | executable);
  } catch (error) {
    if (!hasCode(error, 'not_found')) throw error;
    throw new PlatformError('not_found', `The file "${file.path}" of the ${options.what} is not in the store.`, {
      cause: error,
    });
  }
}

/** Checked again here: the paths came from an upload, and this process may be root. */
async function readManifest(blobs: BlobStore, digest: string, what: string): Promise<Manifest> {
  const bytes = await blobs.read(digest).catch((error: unknown) => {
    if (!hasCode(error, 'not_found')) throw error;
    throw new PlatformError('not_found', `The ${what} is not in the store.`, { cause: error });
  });
  const manifest = parse(bytes);
  if (!fits(Manifest, manifest)) throw new PlatformError('invalid_input', `The manifest of the ${what} can't be read.`);
  const unsafe = manifest.files.find((file) => !isSafePath(file.path));
  if (unsafe)
    throw new PlatformError(
      'invalid_input',
      `The ${what} holds the path ${JSON.stringify(unsafe.path)}, which is not allowed.`,
    );
  return manifest;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return [folder, ...folders];
}

/** Read-only folders first become writable: otherwise only root could empty them. */
async function removeTree(root: string): Promise<void> {
  const remove = () => rm(root, { recursive: true, force: true, maxRetries: 3 });
  await remove().catch(async () => {
    for (const folder of await foldersBelow(root)) await chmod(folder, 0o755).catch(() => undefined);
    await remove();
  });
}
