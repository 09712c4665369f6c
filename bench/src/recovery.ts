// From kill -9 of each process to the next command that is served, and what a running job and an endpoint notice of it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatonClient } from '@baton/sdk';
import { killNow, processesOf, scaleModel, temporaryFolder } from '@baton/testkit';
import { type Benchmark, type Figures, quantile } from './benchmark.ts';
import { type BenchPlatform, note, startPlatform } from './platform.ts';

const ROUNDS = 3;
const REST_MS = 1_500;
const TRY_EVERY_MS = 10;
const TRY_MS = 500;
const GIVE_UP_MS = 60_000;
const TICK_MS = 20;

export const recovery: Benchmark = {
  method:
    `In each of ${ROUNDS} rounds a fresh embedded platform runs a job that prints a line every ${TICK_MS} ms, and serves an endpoint. Then nats-server, control, agent ` +
    `serving and the process beside another job are killed with -9, one after the other, then the launcher alone and last the launcher with all of them, each started again at once. ` +
    `Each time is from the signal to the first answer of success, tried every ${TRY_EVERY_MS} ms by one command at a time: a job that is submitted (natsServerMs, controlMs, platformMs), ` +
    'a new job that runs (agentMs), an inference (servingMs), the other job that runs again (supervisorMs); after the launcher, until the next one says that all is ready (launcherMs). ' +
    'Medians, and the worst of all (worstMs, worstPlatformMs). Of the job: attempts but the first, lines that are not in its output, and the longest pause between two of its lines. ' +
    'Of the endpoint: requests that failed while nats-server, control and agent were killed.',
  targets: [
    { figure: 'natsServerMs', op: '<=', value: 3_000 },
    { figure: 'controlMs', op: '<=', value: 3_000 },
    { figure: 'agentMs', op: '<=', value: 3_000 },
    { figure: 'servingMs', op: '<=', value: 3_000 },
    { figure: 'supervisorMs', op: '<=', value: 3_000 },
    { figure: 'launcherMs', op: '<=', value: 3_000 },
    { figure: 'platformMs', op: '<=', value: 3_000 },
    { figure: 'worstPlatformMs', op: '<=', value: 3_000 },
    { figure: 'jobAttemptsMore', op: '<=', value: 0 },
    { figure: 'jobLinesLost', op: '<=', value: 0 },
    { figure: 'inferencesFailed', op: '<=', value: 0 },
  ],
  async run() {
    const rounds: Figures[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const figures = await oneRound();
      note(`round ${round}: ${JSON.stringify(figures)}`);
      rounds.push(figures);
    }
    const all = (name: string) => rounds.map((figures) => figures[name] ?? Number.NaN);
    const median = (name: string) => [name, quantile(all(name), 0.5)] as const;
    const most = (name: string) => [name, Math.max(...all(name))] as const;
    const times = ['natsServerMs', 'controlMs', 'agentMs', 'servingMs', 'supervisorMs', 'launcherMs', 'platformMs'];
    return {
      ...Object.fromEntries(times.map(median)),
      worstMs: Math.max(...times.flatMap(all)),
      worstPlatformMs: Math.max(...all('platformMs')),
      ...Object.fromEntries(['jobAttemptsMore', 'jobLinesLost', 'jobLongestPauseMs', 'inferencesFailed'].map(most)),
    };
  },
};

async function oneRound(): Promise<Figures> {
  const bench = await startPlatform({ BATON_CPU_SLOTS: '4' });
  const folder = await temporaryFolder('baton-recovery-');
  try {
    const { client } = bench;
    await serve(client, join(folder.path, 'scale.onnx'));
    const stop = join(folder.path, 'stop');
    const { id } = await client.jobs.submit({ name: 'ticker', command: [process.execPath, '-e', TICKER, stop] });
    await until(async () => (await client.jobs.get(id)).state === 'running');
    await until(() => infers(bench));
    const calls = new Calls(bench);
    const natsServerMs = await killed(bench, 'nats-server', () => submits(bench));
    const controlMs = await killed(bench, 'control', () => submits(bench));
    const agentMs = await killed(bench, 'agent', () => runsAJob(client));
    await calls.end();
    const servingMs = await killed(bench, 'serving', () => infers(bench));
    const supervisorMs = await supervisorKilled(bench);
    const launcherMs = await launcherKilled(bench);
    const platformMs = await allKilled(bench);
    writeFileSync(stop, '');
    return {
      natsServerMs,
      controlMs,
      agentMs,
      servingMs,
      supervisorMs,
      launcherMs,
      platformMs,
      inferencesFailed: calls.failed,
      ...(await noticed(client, id)),
    };
  } finally {
    await bench.stop();
    await folder.cleanup();
  }
}

const TICKER = `
const { existsSync, writeSync } = require('node:fs');
let count = 0;
const timer = setInterval(() => {
  writeSync(1, (count += 1) + ' ' + Date.now() + '\\n');
  if (existsSync(process.argv[1])) clearInterval(timer);
}, ${TICK_MS});
`;

async function serve(client: BatonClient, file: string): Promise<void> {
  writeFileSync(file, scaleModel(2, 3));
  await client.models.create({ name: 'scale' });
  const { uploadId } = await client.upload(file);
  await client.models.addVersion('scale', { uploads: [uploadId] });
  await client.endpoints.create({ name: 'scale', model: 'scale', visibility: 'everyone' });
}

async function killed({ platform }: BenchPlatform, part: string, succeeds: () => Promise<boolean>): Promise<number> {
  await sleep(REST_MS);
  const at = performance.now();
  platform.killPart(part);
  return firstSuccess(at, succeeds);
}

async function supervisorKilled({ platform, client }: BenchPlatform): Promise<number> {
  const { id } = await client.jobs.submit({ name: 'sleeper', command: ['sleep', '3600'] });
  await until(async () => (await client.jobs.get(id)).state === 'running');
  await sleep(REST_MS);
  const found = processesOf(platform.home).filter(
    ({ command }) => / \S*supervisor\.sh /.test(command) && command.includes(id),
  );
  if (found.length === 0) throw new Error('there is no process beside the job');
  const at = performance.now();
  for (const { pid } of found) killNow(pid);
  const ms = await firstSuccess(at, async () => (await client.jobs.get(id)).attempts[1]?.startedAt != null);
  await client.jobs.cancel(id);
  return ms;
}

async function launcherKilled({ platform }: BenchPlatform): Promise<number> {
  await sleep(REST_MS);
  const at = performance.now();
  platform.signal('SIGKILL');
  await platform.exited();
  await platform.start();
  return performance.now() - at;
}

async function allKilled(bench: BenchPlatform): Promise<number> {
  await sleep(REST_MS);
  await bench.platform.killAll();
  const at = performance.now();
  const started = bench.platform.start();
  const ms = await firstSuccess(at, () => submits(bench));
  await started;
  return ms;
}

async function firstSuccess(since: number, succeeds: () => Promise<boolean>): Promise<number> {
  await until(succeeds);
  return performance.now() - since;
}

async function until(succeeds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  while (!(await succeeds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error('the platform did not come back');
    await sleep(TRY_EVERY_MS);
  }
}

/** One that waits for a time that does not come: no work for the node. */
async function submits({ platform, token }: BenchPlatform): Promise<boolean> {
  const response = await fetch(`${platform.url}/api/v1/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ command: ['true'], hold: true }),
    signal: AbortSignal.timeout(TRY_MS),
  });
  await response.text();
  return response.ok;
}

async function runsAJob(client: BatonClient): Promise<boolean> {
  const { id } = await client.jobs.submit({ command: ['true'] });
  await until(async () => (await client.jobs.get(id)).attempts[0]?.startedAt != null);
  return true;
}

async function infers({ platform }: BenchPlatform): Promise<boolean> {
  const inputs = [{ name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] }];
  const response = await fetch(`${platform.servingUrl}/v2/models/scale/infer`, {
    method: 'POST',
    body: JSON.stringify({ inputs }),
    signal: AbortSignal.timeout(TRY_MS),
  });
  await response.text();
  return response.ok;
}

/** Calls the endpoint all the time. */
class Calls {
  failed = 0;
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(bench: BenchPlatform) {
    this.#done = this.#run(bench);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }

  async #run(bench: BenchPlatform): Promise<void> {
    while (!this.#isOver) {
      if (!(await infers(bench).catch(() => false))) this.failed += 1;
      await sleep(TRY_EVERY_MS);
    }
  }
}

async function noticed(client: BatonClient, id: string): Promise<Figures> {
  await until(async () => (await client.jobs.get(id)).state === 'succeeded');
  const { attempts } = await client.jobs.get(id);
  const text = await (await client.jobs.rawLog(id)).text();
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  const last = lines.at(-1)?.[0] ?? 0;
  const inPlace = lines.filter(([count], index) => count === index + 1).length;
  const pauses = lines.slice(1).map(([, at = 0], index) => at - (lines[index]?.[1] ?? at));
  return {
    jobAttemptsMore: attempts.length - 1,
    jobLinesLost: last - inPlace,
    jobLongestPauseMs: Math.max(...pauses),
  };
}
