// Archives as uploads in a blob store in memory, for the tests of ingestion.
import { buffer } from 'node:stream/consumers';
import { type BlobStore, openMemoryBlobStore } from '@baton/blob-store';
import { type Header, pack } from 'tar-stream';
import { ingest, type IngestRequest } from '../ingest.ts';
import type { StoredManifest } from '../manifest-store.ts';

export type TarMember = Partial<Header> & { readonly name: string; readonly content?: string };

export async function tar(...members: TarMember[]): Promise<Buffer> {
  const out = pack();
  for (const { content = '', ...header } of members) {
    const hasContent = header.type === undefined || header.type === 'file';
    out.entry(header, hasContent ? content : '');
  }
  out.finalize();
  return buffer(out);
}

/** Ingests `content` as one upload of this name. */
export async function ingestOne(
  filename: string,
  content: Uint8Array,
  more: Partial<IngestRequest> = {},
): Promise<StoredManifest & { blobs: BlobStore }> {
  const blobs = more.blobs ?? openMemoryBlobStore();
  const { digest, sizeBytes } = await blobs.put(content);
  const stored = await ingest({ blobs, uploads: [{ digest, filename, sizeBytes }], unpack: true, ...more });
  return { ...stored, blobs };
}

/** The files with their content, `*` marking executable ones. */
export async function textOf({
  manifest,
  blobs,
}: StoredManifest & { blobs: BlobStore }): Promise<Record<string, string>> {
  const entries = manifest.files.map(async (file): Promise<[string, string]> => {
    const name = file.executable === true ? `${file.path}*` : file.path;
    return [name, (await blobs.read(file.digest)).toString()];
  });
  return Object.fromEntries(await Promise.all(entries));
}
