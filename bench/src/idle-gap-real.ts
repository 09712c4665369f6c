// The idle gap of real training jobs: last step of a job to first step of the next, with and without early start.
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatonClient } from '@baton/sdk';
import { temporaryFolder } from '@baton/testkit';
import { type Benchmark, type Figures, quantile } from './benchmark.ts';
import { note, startPlatform } from './platform.ts';
import { gapsMs, readStamps } from './stamps.ts';
import { taskSpooler } from './task-spooler.ts';

const JOBS = 11;
const SECONDS = 2;
const TRAIN = fileURLToPath(new URL('../jobs/train.py', import.meta.url));
const EXPORT = fileURLToPath(new URL('../../examples/digits/export_dataset.py', import.meta.url));
/** One thread a job, on every side: a job that prepares itself takes a core, not all. */
const THREADS = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };

/** A Python with torch besides numpy and onnx: then the same is measured with torch too. */
const TORCH_PYTHON = process.env['BATON_BENCH_TORCH_PYTHON'];

interface Job {
  readonly python: string;
  readonly digits: string;
  readonly flags: readonly string[];
}

export const idleGapReal: Benchmark = {
  method:
    `${JOBS} jobs on one slot, each: a Python that imports numpy and onnx, opens the digits, builds a network, trains for ${SECONDS} s and saves it; the gap is ` +
    'from the end of the last step of a job to the beginning of the first step of the next. Baton: the embedded platform, jobs over REST, the digits as a dataset; once ' +
    'with `earlyStart`, waiting at `baton.take()` and ending in `baton.finish()`, once with `take()` alone, once without any of it. task-spooler: one slot, and a shell loop: the same commands and file. ' +
    'With BATON_BENCH_TORCH_PYTHON the same with torch, as torch... figures.',
  targets: [{ figure: 'earlyStartP50Ratio', op: '<=', value: 0.1 }],
  async run() {
    const python = process.env['BATON_PYTHON'];
    if (!python) throw new Error('BATON_PYTHON is not set: run it as `npm run bench -- idle-gap-real`.');
    const folder = await temporaryFolder('baton-real-');
    try {
      const digits = join(folder.path, 'digits.csv');
      await mkdir(folder.path, { recursive: true });
      execFileSync(python, [EXPORT, digits]);
      const figures = await measured(join(folder.path, 'numpy'), { python, digits, flags: [] });
      if (!TORCH_PYTHON) return figures;
      const torch = await measured(join(folder.path, 'torch'), { python: TORCH_PYTHON, digits, flags: ['--torch'] });
      return { ...figures, ...prefixed('torch', torch) };
    } finally {
      await folder.cleanup();
    }
  },
};

async function measured(folder: string, job: Job): Promise<Figures> {
  const [early, takeOnly, plain] = await batonGaps(folder, job);
  const spooler = await spoolerGaps(join(folder, 'tsp'), job);
  const loop = await loopGaps(join(folder, 'loop'), job);
  const p50 = (gaps: readonly number[]) => quantile(gaps, 0.5);
  return {
    earlyStartP50Ms: p50(early),
    earlyStartP90Ms: quantile(early, 0.9),
    takeOnlyP50Ms: p50(takeOnly),
    batonP50Ms: p50(plain),
    taskSpoolerP50Ms: p50(spooler),
    shellLoopP50Ms: p50(loop),
    earlyStartP50Ratio: p50(early) / p50(spooler),
    takeOnlyP50Ratio: p50(takeOnly) / p50(spooler),
    batonP50Ratio: p50(plain) / p50(spooler),
  };
}

async function batonGaps(folder: string, job: Job): Promise<[early: number[], takeOnly: number[], plain: number[]]> {
  const { client, stop } = await startPlatform({ BATON_CPU_SLOTS: '1' });
  try {
    const { uploadId } = await client.upload(job.digits);
    await client.datasets.create({ name: 'digits' });
    await client.datasets.addVersion('digits', { uploads: [uploadId] });
    return [
      await batonRun(client, { folder: join(folder, 'early'), job, calls: ['--take', '--finish'] }),
      await batonRun(client, { folder: join(folder, 'take'), job, calls: ['--take'] }),
      await batonRun(client, { folder: join(folder, 'plain'), job, calls: [] }),
    ];
  } finally {
    await stop();
  }
}

interface Run {
  readonly folder: string;
  readonly job: Job;
  readonly calls: readonly string[];
}

async function batonRun(client: BatonClient, { folder, job, calls }: Run): Promise<number[]> {
  // Jobs may run as another user: the folder takes what they write.
  await mkdir(folder, { recursive: true, mode: 0o777 });
  const ids: string[] = [];
  for (let n = 0; n < JOBS; n += 1) {
    const command = commandOf(
      { ...job, flags: [...job.flags, ...calls] },
      join(folder, `${n}`),
      '"$BATON_DATASET_DIGITS"/*.csv',
    );
    const spec = {
      name: `real-${n}`,
      command,
      datasets: [{ dataset: 'digits' }],
      env: THREADS,
      earlyStart: calls.length > 0,
    };
    ids.push((await client.jobs.submit(spec)).id);
  }
  for (const id of ids) for await (const _event of client.jobs.followEvents(id)) continue;
  note(`Baton ${calls.join(' ')}: done`);
  return gapsMs(await readStamps(folder, JOBS));
}

async function spoolerGaps(folder: string, job: Job): Promise<number[]> {
  await mkdir(folder, { recursive: true });
  const tsp = taskSpooler(folder, THREADS);
  try {
    for (let n = 0; n < JOBS; n += 1) tsp.add(commandOf(job, join(folder, `${n}`), job.digits, folder));
    tsp.wait();
  } finally {
    tsp.stop();
  }
  note('task-spooler: done');
  return gapsMs(await readStamps(folder, JOBS));
}

async function loopGaps(folder: string, job: Job): Promise<number[]> {
  await mkdir(folder, { recursive: true });
  const script = join(folder, 'loop.sh');
  const lines = Array.from({ length: JOBS }, (_, n) => commandOf(job, join(folder, `${n}`), job.digits, folder)[2]);
  await writeFile(script, lines.join('\n'));
  execFileSync('sh', [script], { env: { ...process.env, ...THREADS }, stdio: 'ignore' });
  note('shell loop: done');
  return gapsMs(await readStamps(folder, JOBS));
}

/** `folder`: where it runs, if not where it is started. */
function commandOf({ python, flags }: Job, stamps: string, digits: string, folder?: string): [string, string, string] {
  const training = [python, TRAIN, stamps, digits, String(SECONDS), ...flags].join(' ');
  return ['sh', '-c', folder === undefined ? `exec ${training}` : `cd ${folder} && ${training}`];
}

function prefixed(prefix: string, figures: Figures): Figures {
  const name = (figure: string) => `${prefix}${figure.charAt(0).toUpperCase()}${figure.slice(1)}`;
  return Object.fromEntries(Object.entries(figures).map(([figure, value]) => [name(figure), value]));
}
