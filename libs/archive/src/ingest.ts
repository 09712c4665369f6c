// Turns finished uploads into a manifest, unpacking archives on the way.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type BlobStore, isLocal } from '@baton/blob-store';
import { PlatformError } from '@baton/errors';
import { Collector } from './collector.ts';
import { type ArchiveKind, archiveKind, checkMagic, HEAD_BYTES } from './kind.ts';
import { DEFAULT_LIMITS, Gauge, type Limits } from './limits.ts';
import { type StoredManifest, storeManifest } from './manifest-store.ts';
import { pathFault } from './paths.ts';
import { unpackTar } from './tar.ts';
import { unpackZip } from './zip.ts';

/** A finished upload, whose content is in the blob store. */
export interface Upload {
  readonly digest: string;
  readonly filename: string;
  readonly sizeBytes: number;
  /** Where the file goes, for uploads of whole folders; default: `filename`. An archive unpacks into the folder it lies in. */
  readonly path?: string;
}

export interface IngestRequest {
  readonly blobs: BlobStore;
  readonly uploads: readonly Upload[];
  /** Whether .zip, .tar, .tar.gz and .tgz are unpacked; anything else is taken as it is. */
  readonly unpack: boolean;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
}

/**
 * Stores the manifest of all files. `bad_archive` for one that is damaged or hostile, `payload_too_large` past the limits,
 * `invalid_input` for paths of uploads, `not_found` for content that isn't there. On failure no manifest is stored.
 */
export async function ingest(request: IngestRequest): Promise<StoredManifest> {
  const { blobs, uploads, unpack, limits, signal } = request;
  const gauge = new Gauge({ ...DEFAULT_LIMITS, ...limits });
  const collector = new Collector(blobs, gauge, signal);
  try {
    for (const upload of uploads) {
      signal?.throwIfAborted();
      await checkUpload(blobs, upload);
      const kind = unpack ? archiveKind(upload.filename) : null;
      if (kind === null) addPlain(upload, collector);
      else await unpackUpload({ blobs, upload, kind, gauge, collector });
    }
    const files = await collector.finish();
    if (files.length === 0) throw new PlatformError('invalid_input', 'The upload holds no file.');
    return await storeManifest(blobs, files);
  } finally {
    await collector.settle();
  }
}

async function checkUpload(blobs: BlobStore, upload: Upload): Promise<void> {
  const fault = pathFault(placeOf(upload));
  if (fault !== null) throw new PlatformError('invalid_input', `The path ${JSON.stringify(placeOf(upload))} ${fault}.`);
  const found = await blobs.stat(upload.digest);
  if (found === null) throw new PlatformError('not_found', `The content of ${upload.filename} is not there.`);
  if (found.sizeBytes !== upload.sizeBytes) {
    throw new PlatformError(
      'invalid_input',
      `${upload.filename} has ${found.sizeBytes} bytes, not ${upload.sizeBytes}.`,
    );
  }
}

function addPlain(upload: Upload, collector: Collector): void {
  collector.addStored({ path: placeOf(upload), digest: upload.digest, sizeBytes: upload.sizeBytes });
}

function placeOf(upload: Upload): string {
  return upload.path ?? upload.filename;
}

interface Unpacking {
  readonly blobs: BlobStore;
  readonly upload: Upload;
  readonly kind: ArchiveKind;
  readonly gauge: Gauge;
  readonly collector: Collector;
}

async function unpackUpload({ blobs, upload, kind, gauge, collector }: Unpacking): Promise<void> {
  const { digest, filename, sizeBytes } = upload;
  checkMagic(kind, await headOf(blobs, upload), filename);
  const place = placeOf(upload);
  const prefix = place.slice(0, place.lastIndexOf('/') + 1);
  const expanded = gauge.expansionOf(sizeBytes);
  try {
    if (kind === 'zip') {
      await withLocalFile(blobs, digest, (path) => unpackZip({ path, prefix, expanded }, collector));
    } else {
      const archive = await blobs.open(digest);
      await unpackTar({ archive, gzip: kind === 'tar.gz', prefix, expanded }, collector);
    }
  } catch (error) {
    throw asArchiveFault(error, filename);
  }
}

async function headOf(blobs: BlobStore, { digest, sizeBytes }: Upload): Promise<Buffer> {
  if (sizeBytes === 0) return Buffer.alloc(0);
  return buffer(await blobs.open(digest, { start: 0, end: HEAD_BYTES - 1 }));
}

async function withLocalFile(blobs: BlobStore, digest: string, use: (path: string) => Promise<void>): Promise<void> {
  if (isLocal(blobs)) return use(blobs.pathOf(digest));
  const folder = await mkdtemp(join(tmpdir(), 'baton-zip-'));
  try {
    const path = join(folder, 'archive.zip');
    await blobs.copyTo(digest, path, 0o600);
    await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the parsers throw is about the archive, unless it comes from the system or from us. */
function asArchiveFault(error: unknown, filename: string): unknown {
  if (!(error instanceof Error) || error instanceof PlatformError) return error;
  if ('syscall' in error || error.name === 'AbortError') return error;
  return new PlatformError('bad_archive', `${filename} can not be unpacked: ${error.message}.`, { cause: error });
}
