// Staging behind a running job: how much that job slows down, computing or writing, while the next one's dataset is brought in.
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { temporaryFolder } from '@baton/testkit';
import { type Benchmark, type Figures, quantile } from './benchmark.ts';
import { type BenchPlatform, note, startPlatform } from './platform.ts';

const MIB = 2 ** 20;
const DATASET_MIB = 128;
const ROUNDS = 7;
const QUIET_MS = 3_000;
const LOOK_MS = 200;
const STAGED_WITHIN_MS = 120_000;

/** Counts units of work, with the time, for as long as it runs. */
const WORK = {
  cpu: 'let x = 0; const unit = () => { for (let i = 0; i < 2e5; i += 1) x = (x * 31 + i) | 0; };',
  disk:
    'const file = fs.openSync("work", "w"); const piece = Buffer.alloc(2 ** 20, 7); let at = 0;' +
    'const unit = () => { fs.writeSync(file, piece, 0, piece.length, (at++ % 64) * piece.length); fs.fdatasyncSync(file); };',
} as const;
type Kind = keyof typeof WORK;

export const stage: Benchmark = {
  method:
    `A job on the only slot works without a pause: the first kind computes, the second writes 1 MiB and waits for the disk (fdatasync). ` +
    `${ROUNDS} times a second job with a dataset of ${DATASET_MIB} MiB that the page cache does not hold is submitted over REST and staged behind it, and then ` +
    'cancelled. Slowdown: the rate of work from submission to `flags.staged`, against the mean of the rates in the quiet seconds before and ' +
    'after it; the median of all. Noise: the same between quiet seconds that follow each other, nothing being staged.',
  targets: [
    { figure: 'computingSlowdownRatio', op: '<=', value: 0.05 },
    { figure: 'writingSlowdownRatio', op: '<=', value: 0.05 },
  ],
  async run() {
    const cpu = await slowdownOf('cpu');
    const disk = await slowdownOf('disk');
    return {
      computingSlowdownRatio: cpu.slowdown,
      writingSlowdownRatio: disk.slowdown,
      computingNoiseRatio: cpu.noise,
      writingNoiseRatio: disk.noise,
      computingUnitsPerSecond: cpu.quietPerSecond,
      writingUnitsPerSecond: disk.quietPerSecond,
      stagedMb: (2 * ROUNDS * DATASET_MIB * MIB) / 1e6,
      stagedBesideComputingMbPerSecond: cpu.stagedMbPerSecond,
      stagedBesideWritingMbPerSecond: disk.stagedMbPerSecond,
    } satisfies Figures;
  },
};

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Slowdown {
  readonly slowdown: number;
  readonly noise: number;
  readonly quietPerSecond: number;
  readonly stagedMbPerSecond: number;
}

async function slowdownOf(kind: Kind): Promise<Slowdown> {
  const folder = await temporaryFolder('baton-stage-');
  const platform = await startPlatform({ BATON_CPU_SLOTS: '1' });
  try {
    const counts = join(folder.path, 'counts');
    await mkdir(folder.path, { recursive: true, mode: 0o777 });
    for (let round = 0; round < ROUNDS; round += 1) await makeDataset(platform.client, folder.path, `${kind}-${round}`);
    await forgetPages(join(platform.platform.home, 'blobs'));
    const running = await platform.client.jobs.submit({ name: kind, command: worker(kind, counts) });
    await started(platform.client, running.id);
    const staging: Span[] = [];
    const quiet: Span[] = [await pause(platform.client, running.id)];
    for (let round = 0; round < ROUNDS; round += 1) {
      staging.push(await stageOnce(platform, `${kind}-${round}`));
      quiet.push(await pause(platform.client, running.id));
    }
    await platform.client.jobs.cancel(running.id);
    const times = (await readFile(counts, 'utf8')).trim().split('\n').map(Number);
    const seconds = staging.reduce((sum, { from, to }) => sum + (to - from), 0) / 1_000;
    return {
      ...compared(
        quiet.map((span) => ratePerSecond(times, span)),
        staging.map((span) => ratePerSecond(times, span)),
      ),
      stagedMbPerSecond: (ROUNDS * DATASET_MIB * MIB) / 1e6 / seconds,
    };
  } finally {
    await platform.stop();
    await folder.cleanup();
  }
}

/** One line, the time in ms, for each unit; written every 100 ms. */
function worker(kind: Kind, counts: string): string[] {
  const script = `const fs = require('node:fs'); ${WORK[kind]} let lines = ''; let written = Date.now();
    for (;;) { unit(); const now = Date.now(); lines += now + '\\n';
      if (now - written > 100) { fs.appendFileSync(${JSON.stringify(counts)}, lines); lines = ''; written = now; } }`;
  return [process.execPath, '-e', script];
}

async function makeDataset(client: BatonClient, folder: string, name: string): Promise<void> {
  const file = join(folder, `${name}.bin`);
  const content = Buffer.alloc(DATASET_MIB * MIB);
  randomFillSync(content);
  await writeFile(file, content);
  const { uploadId } = await client.upload(file);
  await client.datasets.create({ name });
  await client.datasets.addVersion(name, { uploads: [uploadId] });
  note(`dataset ${name}: uploaded`);
}

/** So that staging reads from the disk, as it would hours after the upload. */
async function forgetPages(blobs: string): Promise<void> {
  execFileSync('sync', ['-f', blobs]);
  for (const entry of await readdir(blobs, { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      execFileSync('dd', [`if=${join(entry.parentPath, entry.name)}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
  }
}

async function stageOnce({ client }: BenchPlatform, dataset: string): Promise<Span> {
  const from = Date.now();
  const { id } = await client.jobs.submit({ name: 'next', command: ['true'], datasets: [{ dataset }] });
  await until(async () => (await client.jobs.get(id)).flags.staged, `${dataset} was staged`);
  const to = Date.now();
  note(`dataset ${dataset}: staged in ${to - from} ms`);
  await client.jobs.cancel(id);
  await until(async () => (await client.jobs.get(id)).state === 'cancelled', 'the staged job was cancelled');
  return { from, to };
}

async function started(client: BatonClient, id: string): Promise<void> {
  await until(async () => (await client.jobs.get(id)).state === 'running', 'the job ran');
}

/** Asks as often as one does who waits for the staging: what that costs is no part of the comparison. */
async function pause(client: BatonClient, id: string): Promise<Span> {
  const from = Date.now();
  await until(
    async () => (await client.jobs.get(id)).state === 'running' && Date.now() - from > QUIET_MS,
    'time passed',
  );
  return { from, to: Date.now() };
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + STAGED_WITHIN_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Within ${STAGED_WITHIN_MS} ms it did not happen that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function ratePerSecond(times: readonly number[], { from, to }: Span): number {
  return (times.filter((time) => time >= from && time < to).length / (to - from)) * 1_000;
}

/** Each staging stands between two quiet spans. */
function compared(quiet: readonly number[], staging: readonly number[]): Omit<Slowdown, 'stagedMbPerSecond'> {
  const pairs = quiet.slice(1).map((after, index) => ({ before: quiet[index] ?? Number.NaN, after }));
  const kept = staging.map((rate, index) => rate / (((pairs[index]?.before ?? 0) + (pairs[index]?.after ?? 0)) / 2));
  const drift = pairs.map(({ before, after }) => Math.abs(after / before - 1));
  return { slowdown: 1 - quantile(kept, 0.5), noise: quantile(drift, 0.5), quietPerSecond: quantile(quiet, 0.5) };
}
