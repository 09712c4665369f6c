// What is known of one upload, in a JSON file beside its bytes.
import { syncFolder } from '@baton/blob-store';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface UploadInfo {
  readonly uploadId: string;
  readonly owner: string;
  /** Null while the client has not said how long it will be. */
  readonly length: number | null;
  /** As the client sent it; `filename` and `sha256` mean something here. */
  readonly metadata: Readonly<Record<string, string | null>>;
  readonly createdAt: number;
  /** Bytes from here on wait for their checksum: after a crash they are cut off. */
  readonly unverifiedFrom: number | null;
  /** SHA-256 of the whole, once it is complete. */
  readonly digest: string | null;
  /** When the blob store had it. */
  readonly finishedAt: number | null;
}

export async function readInfo(path: string): Promise<UploadInfo | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as UploadInfo;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all, and on disk when it resolves. */
export async function writeInfo(path: string, info: UploadInfo): Promise<void> {
  const staged = `${path}.tmp`;
  const file = await open(staged, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(info));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(staged, path);
  await syncFolder(dirname(path));
}
