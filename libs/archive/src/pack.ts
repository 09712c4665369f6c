// Packs the files of a manifest into a tar stream, for downloads.
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { BlobStore } from '@baton/blob-store';
import type { Manifest, ManifestFile } from '@baton/contracts';
import { type Pack, pack } from 'tar-stream';

export interface PackOptions {
  readonly gzip?: boolean;
}

const PLAIN_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;

/** The same bytes for the same manifest. The stream fails if a blob can't be read; destroying it stops the reading. */
export function packTar(manifest: Manifest, blobs: BlobStore, options: PackOptions = {}): Readable {
  const tar = pack();
  const output = options.gzip === true ? createGzip() : new PassThrough();
  // A failure of either end destroys both, and comes out of `output`.
  pipeline(tar, output).catch(() => {});
  packFiles(manifest.files, blobs, tar).catch((error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return output;
}

async function packFiles(files: readonly ManifestFile[], blobs: BlobStore, tar: Pack): Promise<void> {
  for (const { path, digest, sizeBytes, executable } of files) {
    const content = await blobs.open(digest);
    const mode = executable === true ? EXECUTABLE_MODE : PLAIN_MODE;
    await pipeline(content, tar.entry({ name: path, size: sizeBytes, mode, mtime: new Date(0) }));
  }
  tar.finalize();
}
