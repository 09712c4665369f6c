// Manifests as blobs: canonical JSON, so that equal files give an equal digest.
import type { BlobStore } from '@baton/blob-store';
import { fits, Manifest, type ManifestFile, type ManifestSummary } from '@baton/contracts';
import { parseInput, PlatformError } from '@baton/errors';
import { PathSet } from './paths.ts';

/** Of files a chunk of JSON holds. */
const CHUNK_FILES = 1000;

export interface StoredManifest {
  readonly summary: ManifestSummary;
  readonly manifest: Manifest;
}

/** Stores the manifest of `files`, sorted by path. `invalid_input` for paths that do not go together. */
export async function storeManifest(blobs: BlobStore, files: readonly ManifestFile[]): Promise<StoredManifest> {
  const manifest = parseInput(Manifest, { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) });
  const paths = new PathSet('invalid_input');
  for (const file of manifest.files) paths.file(file.path);
  const { digest } = await blobs.put(jsonOf(manifest));
  const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return { summary: { digest, fileCount: manifest.files.length, sizeBytes }, manifest };
}

/** `not_found` if there is no such blob, `internal` if it is no manifest. */
export async function readManifest(blobs: BlobStore, digest: string): Promise<Manifest> {
  const content = await blobs.read(digest);
  const value = parseJson(content.toString());
  if (fits(Manifest, value)) return value;
  throw new PlatformError('internal', 'The list of files is damaged.', {
    detail: `The blob ${digest} is no manifest.`,
  });
}

async function* jsonOf({ files }: Manifest): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"files":[');
  for (let start = 0; start < files.length; start += CHUNK_FILES) {
    const lines = files.slice(start, start + CHUNK_FILES).map(fileJson);
    yield Buffer.from((start === 0 ? '' : ',') + lines.join(','));
  }
  yield Buffer.from(']}');
}

/** Members in a fixed order; `executable` only where it is true. */
function fileJson({ path, digest, sizeBytes, executable }: ManifestFile): string {
  return JSON.stringify({ path, digest, sizeBytes, ...(executable === true ? { executable } : {}) });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
