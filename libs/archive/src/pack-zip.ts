// Packs the files of a manifest into a zip stream, for downloads.
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { BlobStore } from '@baton/blob-store';
import type { Manifest, ManifestFile } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { makeZip, predictLength } from 'client-zip';

export interface PackedZip {
  readonly stream: Readable;
  /** Of the whole archive: known before anything is read, since nothing is compressed. */
  readonly sizeBytes: number;
}

const PLAIN_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;
/** The earliest day that a zip can name, in every time zone. */
const MTIME = new Date(Date.UTC(1980, 0, 2));

/**
 * Weights don't get smaller, so files are stored as they are; zip64 where a size asks for it. The same bytes for the same
 * manifest. The stream fails if a blob can't be read; destroying it stops the reading.
 */
export function packZip({ files }: Manifest, blobs: BlobStore): PackedZip {
  const zip = makeZip(entries(files, blobs));
  return {
    stream: Readable.fromWeb(zip as ReadableStream<Uint8Array>),
    sizeBytes: Number(predictLength(files.map(metadata))),
  };
}

function metadata({ path, sizeBytes, executable }: ManifestFile) {
  const mode = executable === true ? EXECUTABLE_MODE : PLAIN_MODE;
  return { name: path, size: sizeBytes, mode, lastModified: MTIME };
}

async function* entries(files: readonly ManifestFile[], blobs: BlobStore) {
  for (const file of files) yield { ...metadata(file), input: content(file, blobs) };
}

/** Opened when its turn has come. */
async function* content({ path, digest, sizeBytes }: ManifestFile, blobs: BlobStore): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of (await blobs.open(digest)) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    yield chunk;
  }
  if (length !== sizeBytes) {
    throw new PlatformError('internal', `Size mismatch: ${path} has ${length} bytes, not ${sizeBytes}.`);
  }
}
