// Uploads files of random content piece by piece, makes versions of them, and remembers what was acknowledged.
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@baton/sdk';
import { violated } from '../tally.ts';
import { command, type Run } from './run.ts';

export interface StoredUpload {
  readonly uploadId: string;
  readonly sha256: string;
  readonly filename: string;
  /** Of the dataset `uploads`; null if it was not made. */
  version: number | null;
}

export const UPLOADS = 'uploads';
const LEAST_BYTES = 100_000;
const MOST_BYTES = 900_000;
const CHUNK_BYTES = 64 * 1_024;
const PAUSE_MS = 700;

export async function uploadFiles(run: Run, uploads: StoredUpload[]): Promise<void> {
  await command(run, { method: 'POST', path: '/datasets', body: { name: UPLOADS }, key: UPLOADS });
  for (let number = 0; !run.over.aborted; number += 1) {
    const stored = await upload(run, `file-${number}.bin`);
    if (stored) {
      uploads.push(stored);
      run.tally.uploads += 1;
      await addVersion(run, stored);
    }
    await sleep(PAUSE_MS * run.random());
  }
}

async function upload(run: Run, filename: string): Promise<StoredUpload | null> {
  const path = join(run.scene.files, filename);
  writeFileSync(path, randomBytes(Math.round(LEAST_BYTES + run.random() * (MOST_BYTES - LEAST_BYTES))));
  try {
    const { uploadId, sha256 } = await run.scene.admin.upload(path, { chunkBytes: CHUNK_BYTES });
    return { uploadId, sha256, filename, version: null };
  } catch (error) {
    // What was sent was acknowledged piece by piece, and must be there to go on with.
    const why = error instanceof ApiError ? `${error.status} ${error.code}: ${error.message}` : String(error);
    violated(run.tally, 'uploadsLost', `${filename} could not be finished: ${why}`);
    return null;
  } finally {
    rmSync(path);
  }
}

/** Also at the end of a run, for those of which none was made. */
export async function addVersion(run: Run, stored: StoredUpload): Promise<void> {
  const body = { uploads: [stored.uploadId], unpack: false };
  const path = `/datasets/${UPLOADS}/versions`;
  const outcome = await command(run, { method: 'POST', path, body, key: `version of ${stored.filename}` });
  if (outcome.kind === 'ok') stored.version = Number(outcome.body['version']);
}
