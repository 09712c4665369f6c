// The list of what was stored, as a blob of its own: there whole, or not at all.
import type { BlobStore } from '@baton/blob-store';
import type { ManifestFile, ManifestSummary } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { StoredContent } from './store-file.ts';

/** Every reader of a manifest holds it in memory. */
export const MAX_FILES = 250_000;
const CHUNK_FILES = 1_000;

export function tooManyFiles(): PlatformError {
  return new PlatformError(
    'payload_too_large',
    `there are more than ${MAX_FILES} files in the folder; pack them into a few`,
  );
}

/** Sorted by path, members in a fixed order: equal files give an equal digest. */
export async function putManifest(
  blobs: BlobStore,
  entries: Iterable<readonly [path: string, content: StoredContent]>,
): Promise<ManifestSummary> {
  const files = [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (files.length > MAX_FILES) throw tooManyFiles();
  const { digest } = await blobs.put(jsonOf(files));
  const sizeBytes = files.reduce((sum, [, content]) => sum + content.sizeBytes, 0);
  return { digest, fileCount: files.length, sizeBytes };
}

async function* jsonOf(files: readonly (readonly [string, StoredContent])[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"files":[');
  for (let start = 0; start < files.length; start += CHUNK_FILES) {
    const lines = files.slice(start, start + CHUNK_FILES).map(fileJson);
    yield Buffer.from((start === 0 ? '' : ',') + lines.join(','));
  }
  yield Buffer.from(']}');
}

function fileJson([path, { digest, sizeBytes, executable }]: readonly [string, StoredContent]): string {
  const file: ManifestFile = { path, digest, sizeBytes, ...(executable === true ? { executable } : {}) };
  return JSON.stringify(file);
}
