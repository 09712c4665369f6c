// The demo's steps up to the served endpoint.
import { join } from 'node:path';
import type { JobView } from '@baton/contracts';
import { BatonClient, InferenceClient, packFolder } from '@baton/sdk';
import type { EmbeddedPlatform } from '@baton/testkit';
import { accuracyOf, EXAMPLE, exportDigits, type HeldOut, heldOut } from './digits.ts';
import { bar, done, line, progress } from './story.ts';
import { follow, type HyperParameters, printGaps, submit } from './training.ts';

const ADMIN = { email: 'admin@example.com', name: 'Admin', password: 'demo-password' };

export async function signUp(platform: EmbeddedPlatform): Promise<BatonClient> {
  const { url } = platform;
  const anonymous = new BatonClient({ url });
  const user = await anonymous.users.signUp({ token: platform.adminToken(), ...ADMIN });
  const session = await anonymous.users.logIn({ email: ADMIN.email, password: ADMIN.password });
  done(`${user.email} is the ${user.role}; the token can't be used again.`);
  return new BatonClient({ url, token: session.token });
}

const CHUNK_BYTES = 32 * 1_024;

export async function uploadDataset(client: BatonClient, python: string, csv: string): Promise<void> {
  await exportDigits(python, csv);
  await client.datasets.create({
    name: 'digits',
    description: 'UCI hand-written digits, 1,797 images of 8 x 8',
    tags: ['images'],
  });
  const uploadUrl = await uploadAndCut(client, csv);
  line('cut in the middle; the same upload goes on where the server is');
  let shown = '';
  const show = (sent: number, total: number) => progress((shown = share(sent, total)), false);
  const uploaded = await client.upload(csv, { chunkBytes: CHUNK_BYTES, uploadUrl, onProgress: show });
  progress(shown, true);
  const stored = await client.http.json<{ digest: string }>('GET', `/uploads/${uploaded.uploadId}`);
  if (stored.digest !== uploaded.sha256) throw new Error(`SHA-256 there ${stored.digest}, here ${uploaded.sha256}`);
  const version = await client.datasets.addVersion('digits', { uploads: [uploaded.uploadId] });
  done(`dataset digits@${version.version}; SHA-256 there and here: ${stored.digest.slice(0, 16)}...`);
}

/** Gives the address of an upload whose connection was cut when half of it was there. */
async function uploadAndCut(client: BatonClient, csv: string): Promise<string> {
  const cut = new AbortController();
  let uploadUrl: string | undefined;
  let shown = '';
  const onProgress = (sent: number, total: number): void => {
    if (cut.signal.aborted) return;
    progress((shown = share(sent, total)), false);
    if (sent > total / 2) cut.abort(new Error('cut'));
  };
  const sending = client.upload(csv, {
    chunkBytes: CHUNK_BYTES,
    signal: cut.signal,
    onUrl: (url) => (uploadUrl = url),
    onProgress,
  });
  await sending.catch((error: unknown) => {
    if (!cut.signal.aborted) throw error;
  });
  if (!cut.signal.aborted || uploadUrl === undefined) throw new Error('the upload was not cut');
  progress(shown, true);
  return uploadUrl;
}

function share(sent: number, total: number): string {
  return `${bar(sent / total)} ${sent} of ${total} bytes`;
}

export async function registerCode(client: BatonClient): Promise<void> {
  const packed = await packFolder(join(EXAMPLE, 'code'));
  try {
    await client.models.create({ name: 'digits', description: 'A small multi-layer perceptron in numpy' });
    const { uploadId } = await client.upload(packed.path);
    const version = await client.models.addVersion('digits', { uploads: [uploadId] });
    done(`model digits@${version.version} holds the code (${packed.fileCount} file)`);
  } finally {
    await packed.remove();
  }
}

const RUNS: Readonly<Record<string, HyperParameters>> = {
  narrow: { hidden: 8, rate: 0.05, epochs: 12 },
  middle: { hidden: 32, rate: 0.1, epochs: 12 },
  wide: { hidden: 128, rate: 0.2, epochs: 12 },
};

export async function trainThree(client: BatonClient, python: string): Promise<JobView[]> {
  const ids: string[] = [];
  for (const [name, parameters] of Object.entries(RUNS)) ids.push(await submit(client, python, name, parameters));
  for (const id of ids.slice(1)) {
    const { name, waiting } = await client.jobs.get(id);
    line(`${name} waits: ${waiting?.message ?? 'it has started already'}`);
  }
  const jobs: JobView[] = [];
  for (const id of ids) jobs.push(await follow(client, id, 12));
  printGaps(jobs);
  for (const job of jobs) {
    const { files } = await client.jobs.artifacts(job.id);
    line(`${job.name}: artifacts ${files.map((file) => `${file.path} (${file.sizeBytes} bytes)`).join(', ')}`);
  }
  return jobs;
}

export async function serveBest(
  client: BatonClient,
  servingUrl: string,
  jobs: readonly JobView[],
  csv: string,
): Promise<{ endpoint: string; heldOut: HeldOut }> {
  const versions = await weightsOf(client, jobs);
  const best = versions.toSorted(
    (a, b) => (b.lineage?.metrics['accuracy'] ?? 0) - (a.lineage?.metrics['accuracy'] ?? 0),
  )[0];
  if (!best?.lineage) throw new Error('no weights were registered');
  const { jobId, attempt, nodeId, datasets, code } = best.lineage;
  line(
    `best: digits@${best.version}, from dataset version ${datasets[0]?.version} and code version ${code?.version}, job ${jobId}, attempt ${attempt}, node ${nodeId}`,
  );
  await client.endpoints.create({ name: 'digits', model: 'digits', version: best.version });
  const images = await heldOut(csv);
  const measured = await classify(client, servingUrl, 'digits', images);
  const reported = best.lineage.metrics['accuracy'] ?? Number.NaN;
  line(
    `training reported ${reported.toFixed(4)}; the endpoint's answers for ${images.labels.length} images give ${measured.toFixed(4)}`,
  );
  if (measured.toFixed(4) !== reported.toFixed(4)) throw new Error('the endpoint does not answer as the training did');
  done(`POST ${servingUrl}/v2/models/digits/infer serves what was trained.`);
  return { endpoint: 'digits', heldOut: images };
}

/** The versions that the jobs' weights became: registered by the model service when it hears of a job's end. */
async function weightsOf(client: BatonClient, jobs: readonly JobView[]) {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const { versions } = await client.models.get('digits');
    const found = versions.filter((version) => jobs.some((job) => job.id === version.lineage?.jobId));
    if (found.length === jobs.length) return found;
    if (Date.now() > deadline) throw new Error(`only ${found.length} of ${jobs.length} jobs' weights were registered`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Accuracy of the endpoint on the images, from its answers. */
export async function classify(
  client: BatonClient,
  servingUrl: string,
  endpoint: string,
  images: HeldOut,
): Promise<number> {
  const inference = new InferenceClient({
    url: servingUrl,
    ...(client.http.token === undefined ? {} : { token: client.http.token }),
  });
  const tensor = { name: 'pixels', shape: [images.labels.length, 64], datatype: 'FP32', data: images.pixels };
  const answer = await inference.infer(endpoint, [tensor]);
  return accuracyOf((answer.outputs[0]?.data ?? []) as number[], images.labels);
}
