// From finished uploads to a version's content: archives unpacked, files stored, one manifest.
import { ingest } from '@baton/archive';
import type { BlobStore } from '@baton/blob-store';
import type { Manifest, ManifestSummary, UploadedBlob } from '@baton/contracts';
import { PlatformError } from '@baton/errors';

export interface UploadWanted extends UploadedBlob {
  /** Where the file stands in the version; its own name if absent. */
  readonly path?: string;
}

export interface Ingested {
  readonly manifest: ManifestSummary;
  readonly files: Manifest;
  /** As they are recorded: without the paths that were asked for. */
  readonly uploads: UploadedBlob[];
}

export interface IngestPort {
  /** Throws `not_found` naming an upload whose content is not there, `bad_archive` for an archive that can't be unpacked safely. */
  (uploads: readonly UploadWanted[], options: { readonly unpack: boolean }): Promise<Ingested>;
}

export function ingestPort(blobs: BlobStore): IngestPort {
  return async (uploads, { unpack }) => {
    for (const upload of uploads) await demandStored(blobs, upload);
    const { summary, manifest } = await ingest({ blobs, uploads, unpack });
    return { manifest: summary, files: manifest, uploads: uploads.map(recorded) };
  };
}

async function demandStored(
  blobs: Pick<BlobStore, 'stat'>,
  { uploadId, filename, digest }: UploadWanted,
): Promise<void> {
  if ((await blobs.stat(digest)) !== null) return;
  const message = `The content of the upload ${uploadId} ("${filename}") is not here. Upload it again.`;
  throw new PlatformError('not_found', message, { detail: `no blob ${digest}` });
}

function recorded({ uploadId, digest, sizeBytes, filename }: UploadWanted): UploadedBlob {
  return { uploadId, digest, sizeBytes, filename };
}
