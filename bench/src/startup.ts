// From a state of many finished jobs to answering; memory and processor of the idle platform.
import { setTimeout as sleep } from 'node:timers/promises';
import { JOBS_STREAM } from '@baton/contracts';
import type { Benchmark } from './benchmark.ts';
import { closedLoop } from './closed-loop.ts';
import { note, startPlatform } from './platform.ts';
import { cpuSeconds, residentBytes } from './processes.ts';

const JOBS = 10_000;
const SETTLE_MS = 15_000;
const WATCH_MS = 20_000;

export const startup: Benchmark = {
  method:
    `${JOBS} jobs are submitted over REST and cancelled, so that the ${JOBS_STREAM} stream and the read models hold them as finished; everything is killed with -9; ` +
    'readyMs is from the start of the launcher to its first 200 on /readyz. residentMb is the sum of Pss over all processes of the idle platform, ' +
    `${SETTLE_MS / 1_000} s after that; idleCorePercent the processor time over the next ${WATCH_MS / 1_000} s.`,
  targets: [
    { figure: 'readyMs', op: '<=', value: 3_000 },
    { figure: 'residentMb', op: '<=', value: 450 },
    { figure: 'idleCorePercent', op: '<=', value: 3 },
  ],
  async run() {
    const { platform, client, token, stop } = await startPlatform({ BATON_CPU_SLOTS: '1' });
    try {
      await finishedJobs(platform.url, token);
      await platform.killAll();
      const startedAt = performance.now();
      const started = platform.start();
      const readyMs = await untilReady(platform.url, startedAt);
      await started;
      const { items } = await client.jobs.list({ state: 'cancelled', limit: 1 });
      if (items.length !== 1) throw new Error('the jobs are not there');
      await sleep(SETTLE_MS);
      const pids = [platform.pid ?? 0, ...Object.values(platform.parts())];
      const before = pids.map(cpuSeconds);
      await sleep(WATCH_MS);
      const used = pids.reduce((sum, pid, index) => sum + cpuSeconds(pid) - (before[index] ?? 0), 0);
      for (const [name, pid] of Object.entries(platform.parts()))
        note(`${name}: ${Math.round(residentBytes(pid) / 1e6)} MB`);
      const residentMb = pids.reduce((sum, pid) => sum + residentBytes(pid), 0) / 1e6;
      return { readyMs, residentMb, idleCorePercent: (used / (WATCH_MS / 1_000)) * 100 };
    } finally {
      await stop();
    }
  },
};

/** The first holds the only slot, so that each of the others is cancelled out of the queue. */
async function finishedJobs(url: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const body = (n: number) => (n < JOBS ? JSON.stringify({ name: `old-${n}`, command: ['sleep', '600'] }) : null);
  const { answers } = await closedLoop({ url: `${url}/api/v1/jobs`, connections: 32, headers, body });
  const ids = answers.map((answer) => (JSON.parse(answer) as { id: string }).id);
  note(`${ids.length} jobs submitted; cancelling them`);
  await Promise.all(
    Array.from({ length: 32 }, (_, lane) =>
      cancelLane(
        url,
        headers,
        ids.filter((_id, index) => index % 32 === lane),
      ),
    ),
  );
}

async function cancelLane(
  url: string,
  headers: Readonly<Record<string, string>>,
  ids: readonly string[],
): Promise<void> {
  for (const id of ids) {
    const response = await fetch(`${url}/api/v1/jobs/${id}/cancel`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{}',
    });
    if (!response.ok) throw new Error(`cancel: ${response.status} ${await response.text()}`);
    await response.text();
  }
}

async function untilReady(url: string, startedAt: number): Promise<number> {
  for (;;) {
    const response = await fetch(`${url}/readyz`).catch(() => null);
    if (response?.ok) return performance.now() - startedAt;
    await sleep(10);
  }
}
