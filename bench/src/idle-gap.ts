// The idle gap of one slot: end of a job to start of the next, against task-spooler in the same run.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@baton/testkit';
import { type Benchmark, quantile } from './benchmark.ts';
import { note, startPlatform } from './platform.ts';
import { gapsMs, readStamps, type Stamp } from './stamps.ts';
import { taskSpooler } from './task-spooler.ts';

/** The first of them run while the rest are submitted, and a p90 of 49 gaps was the fifth largest: it said more of those than of the others. */
const JOBS = 200;

export const idleGap: Benchmark = {
  method:
    `${JOBS} jobs on one slot, each \`sh -c\` of date +%s%N, sleep 0.05, date +%s%N into a file; the gap is from the last line of a job to the ` +
    'first line of the next, on the same clock. Baton: the embedded platform, submitted over REST, every permission to start is durable in the log before the start. ' +
    'task-spooler: tsp with one slot, the same commands, one half before Baton and one half after it.',
  targets: [
    { figure: 'p50Ratio', op: '<=', value: 1.25 },
    { figure: 'p90Ratio', op: '<=', value: 2 },
  ],
  async run() {
    const folder = await temporaryFolder('baton-gap-');
    try {
      // One half before and one after: a host that is faster at one time than at another is so for both.
      const before = await spoolerStamps(join(folder.path, 'tsp-before'), JOBS / 2);
      const baton = gapsMs(await batonStamps(join(folder.path, 'baton')));
      const after = await spoolerStamps(join(folder.path, 'tsp-after'), JOBS / 2);
      const spooler = [...gapsMs(before), ...gapsMs(after)];
      const [p50Ms, p90Ms] = [quantile(baton, 0.5), quantile(baton, 0.9)];
      const [taskSpoolerP50Ms, taskSpoolerP90Ms] = [quantile(spooler, 0.5), quantile(spooler, 0.9)];
      return {
        p50Ms,
        p90Ms,
        taskSpoolerP50Ms,
        taskSpoolerP90Ms,
        p50Ratio: p50Ms / taskSpoolerP50Ms,
        p90Ratio: p90Ms / taskSpoolerP90Ms,
      };
    } finally {
      await folder.cleanup();
    }
  },
};

function command(file: string): string[] {
  return ['sh', '-c', `date +%s%N >> ${file}; sleep 0.05; date +%s%N >> ${file}`];
}

async function batonStamps(folder: string): Promise<Stamp[]> {
  // Jobs may run as another user: the folder takes what they write.
  await mkdir(folder, { recursive: true, mode: 0o777 });
  const { client, stop } = await startPlatform({ BATON_CPU_SLOTS: '1' });
  try {
    const ids: string[] = [];
    for (let n = 0; n < JOBS; n += 1)
      ids.push((await client.jobs.submit({ name: `gap-${n}`, command: command(join(folder, `${n}`)) })).id);
    // From the last one on, so that there is one wait, as on the other side: to follow each is work that the platform does for the benchmark.
    for (const id of ids.toReversed()) for await (const _event of client.jobs.followEvents(id)) continue;
    note('Baton: done');
  } finally {
    await stop();
  }
  return readStamps(folder, JOBS);
}

async function spoolerStamps(folder: string, jobs: number): Promise<Stamp[]> {
  await mkdir(folder, { recursive: true });
  const tsp = taskSpooler(folder);
  try {
    for (let n = 0; n < jobs; n += 1) tsp.add(command(join(folder, `${n}`)));
    tsp.wait();
  } finally {
    tsp.stop();
  }
  return readStamps(folder, jobs);
}
