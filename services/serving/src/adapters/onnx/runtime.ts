// Loads models from the blob store, each into a worker thread of its own.
import { type BlobStore, isLocal } from '@baton/blob-store';
import type { Manifest, ManifestFile } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, resolve, sep } from 'node:path';
import type { LoadedModel, ModelRuntime } from '../../app/ports.ts';
import { WorkerModel } from './worker-model.ts';

export interface OnnxRuntimeOptions {
  readonly blobs: BlobStore;
  readonly intraOpThreads: number;
}

/**
 * Each model is loaded from a folder of its own that holds nothing but its version's files: a graph may name files beside it as
 * its weights, and would else read what lies beside the blob, or in the working folder.
 */
export function onnxRuntime(options: OnnxRuntimeOptions): ModelRuntime {
  return {
    async load(manifest: Manifest): Promise<LoadedModel> {
      const graph = manifest.files.find(({ path }) => /\.onnx$/i.test(path));
      if (!graph) {
        throw new PlatformError(
          'bad_model',
          'That version holds no .onnx file, so it can not be served. Export the model to ONNX.',
        );
      }
      const folder = await mkdtemp(`${tmpdir()}${sep}baton-model-`);
      try {
        return await loadFrom(folder, graph, manifest, options);
      } finally {
        // What is mapped into memory stays readable there.
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function loadFrom(
  folder: string,
  graph: ManifestFile,
  manifest: Manifest,
  options: OnnxRuntimeOptions,
): Promise<LoadedModel> {
  const { blobs, intraOpThreads } = options;
  const start = () => WorkerModel.start({ path: placeIn(folder, graph), intraOpThreads });
  await placeGraph(blobs, graph, placeIn(folder, graph));
  const others = manifest.files.filter((file) => file !== graph);
  try {
    return await start();
  } catch (error) {
    // Large models keep their weights in files beside the graph; most versions' other files are nothing of the kind.
    if (others.length === 0 || !(error instanceof PlatformError) || !/external data/i.test(error.message)) throw error;
  }
  for (const file of others) {
    const path = placeIn(folder, file);
    await mkdir(dirname(path), { recursive: true });
    await blobs.copyTo(file.digest, path, 0o400);
  }
  return start();
}

/** A link where the blob is a file here: the runtime looks for other files beside the link, not beside the blob. */
async function placeGraph(blobs: BlobStore, graph: ManifestFile, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (isLocal(blobs) && (await blobs.stat(graph.digest))) await symlink(resolve(blobs.pathOf(graph.digest)), path);
  else await blobs.copyTo(graph.digest, path, 0o400);
}

function placeIn(folder: string, { path }: ManifestFile): string {
  const place = resolve(folder, path);
  if (place.startsWith(folder + sep)) return place;
  throw new PlatformError('bad_model', `The version names a file outside of itself: ${path}.`);
}
