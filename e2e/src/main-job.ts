// The steps of the main job that both forms of the platform go through.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobSpec } from '@baton/contracts';
import { type BatonClient, packFolder } from '@baton/sdk';
import { expect, vi } from 'vitest';
import { exportDigits, TRAINING_CODE } from './digits.ts';

const CHUNK_BYTES = 32 * 1_024;

export interface UploadedDigits {
  readonly csv: string;
  /** SHA-256 of the local file. */
  readonly sha256: string;
  /** Where the upload stood when it was cut. */
  readonly cutAtBytes: number;
  readonly sizeBytes: number;
  readonly version: number;
  /** What the platform says that it has. */
  readonly storedDigest: string;
}

/** Uploads the digits, cuts the connection in the middle, resumes, and makes a version of the dataset `digits`. */
export async function uploadDigits(client: BatonClient, python: string, folder: string): Promise<UploadedDigits> {
  const csv = join(folder, 'digits.csv');
  await exportDigits(python, csv);
  const content = await readFile(csv);
  await client.datasets.create({ name: 'digits', tags: ['images'] });
  const url = await cutUpload(client, csv, content.length);
  const uploadId = url.split('/').at(-1) ?? '';
  const { offset: cutAtBytes } = await client.http.json<{ offset: number }>('GET', `/uploads/${uploadId}`);
  await client.upload(csv, { chunkBytes: CHUNK_BYTES, uploadUrl: url });
  const { digest } = await client.http.json<{ digest: string }>('GET', `/uploads/${uploadId}`);
  const { version } = await client.datasets.addVersion('digits', { uploads: [uploadId] });
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { csv, sha256, cutAtBytes, sizeBytes: content.length, version, storedDigest: digest };
}

/** Gives the upload's address. */
async function cutUpload(client: BatonClient, csv: string, sizeBytes: number): Promise<string> {
  const cut = new AbortController();
  let url = '';
  const sending = client.upload(csv, {
    chunkBytes: CHUNK_BYTES,
    signal: cut.signal,
    onUrl: (given) => (url = given),
    onProgress: (sent) => {
      if (sent > sizeBytes / 2) cut.abort(new Error('cut'));
    },
  });
  await expect(sending).rejects.toThrow('cut');
  return url;
}

/** Makes the model `digits` from the example's code; gives the version. */
export async function registerCode(client: BatonClient): Promise<number> {
  const packed = await packFolder(TRAINING_CODE);
  try {
    await client.models.create({ name: 'digits' });
    const { uploadId } = await client.upload(packed.path);
    return (await client.models.addVersion('digits', { uploads: [uploadId] })).version;
  } finally {
    await packed.remove();
  }
}

export interface Training {
  readonly name: string;
  readonly epochs: number;
  readonly hidden?: number;
  /** Seconds after each epoch. */
  readonly pause?: number;
}

export function trainingSpec(python: string, { name, epochs, hidden = 32, pause = 0 }: Training): JobSpec {
  const flags = ['--epochs', epochs, '--hidden', hidden, '--rate', 0.1, '--pause', pause].map(String);
  return {
    name,
    model: 'digits@1',
    command: ['python', 'train.py', ...flags],
    datasets: [{ dataset: 'digits' }],
    environment: { python },
    outputs: { model: 'digits' },
    timeLimit: '5m',
  };
}

/** The model version that the job's weights became: the model service registers it when it hears of the job's end. */
export async function weightsOf(client: BatonClient, jobId: string) {
  return vi.waitFor(
    async () => {
      const { versions } = await client.models.get('digits');
      const found = versions.find((version) => version.lineage?.jobId === jobId);
      if (!found?.lineage) throw new Error(`The weights of job ${jobId} are not registered.`);
      return { ...found, lineage: found.lineage };
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** `epoch=1` to `epoch=n`, each once and in order. */
export function epochsIn(log: string): number[] {
  return [...log.matchAll(/^epoch=(\d+) /gm)].map((match) => Number(match[1]));
}
