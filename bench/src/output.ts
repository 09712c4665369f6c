// A job's output on its way into the platform: how fast, at what cost for the agent, and whether any of it is lost; against tee.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatonClient } from '@baton/sdk';
import { temporaryFolder } from '@baton/testkit';
import type { Benchmark, Figures } from './benchmark.ts';
import { type BenchPlatform, note, startPlatform } from './platform.ts';
import { cpuSeconds, residentBytes } from './processes.ts';

const LINE_BYTES = 80;
const FAST_BYTES = 400e6;
const PACE_BYTES_PER_SECOND = 20e6;
const PACED_SECONDS = 60;
const SETTLE_MS = 3_000;
const WATCH_MS = 500;

export const output: Benchmark = {
  method:
    `A job writes ${FAST_BYTES / 1e6} MB of ${LINE_BYTES}-byte lines to standard output as fast as it can: from its start until the platform's REST interface ` +
    'has every byte (takenMbPerSecond). The same program writes through tee into a file on the same disk (teeMbPerSecond). Then a job writes ' +
    `${PACE_BYTES_PER_SECOND / 1e6} MB/s for ${PACED_SECONDS} s: the agent's processor time (percent of a core), its memory (Pss) at rest before (agentResidentMb), at most, and the most of the last third ` +
    'less the most of the first third; the memory (Pss) of the supervisor beside the job (supervisorResidentMb); every line is downloaded, and must be there in its place.',
  targets: [
    { figure: 'lostLines', op: '<=', value: 0 },
    { figure: 'takenMbPerSecond', op: '>=', value: 20 },
    { figure: 'agentGrowthMb', op: '<=', value: 16 },
    { figure: 'agentResidentMb', op: '<=', value: 110 },
    { figure: 'supervisorResidentMb', op: '<=', value: 4 },
  ],
  async run() {
    const folder = await temporaryFolder('baton-output-');
    const platform = await startPlatform({ BATON_CPU_SLOTS: '1' });
    try {
      const program = join(folder.path, 'program.mjs');
      await mkdir(folder.path, { recursive: true });
      await writeFile(program, PROGRAM);
      await sleep(SETTLE_MS);
      const restBytes = residentBytes(agentOf(platform));
      const takenSeconds = await fast(platform, program);
      const teeSeconds = await tee(program, join(folder.path, 'tee'));
      const paced = await pace(platform, program);
      const [takenMbPerSecond, teeMbPerSecond] = [takenSeconds, teeSeconds].map(
        (seconds) => FAST_BYTES / 1e6 / seconds,
      );
      return {
        takenMbPerSecond: takenMbPerSecond ?? 0,
        takenLinesPerSecond: FAST_BYTES / LINE_BYTES / takenSeconds,
        teeMbPerSecond: teeMbPerSecond ?? 0,
        takenToTeeRatio: teeSeconds / takenSeconds,
        ...paced,
        agentResidentMb: restBytes / 1e6,
      };
    } finally {
      await platform.stop();
      await folder.cleanup();
    }
  },
};

/** `node program.mjs BYTES BYTES_PER_SECOND`: numbered lines; waits for its own pace, if that is above zero. */
const PROGRAM = `
import { writeSync } from 'node:fs';
const [total, pace] = process.argv.slice(2).map(Number);
const pieceLines = 12500;
const write = (piece) => { for (let at = 0; at < piece.length; ) { try { at += writeSync(1, piece, at); } catch (error) { if (error.code !== 'EAGAIN') throw error; } } };
const started = performance.now();
for (let sent = 0, line = 0; sent < total; sent += pieceLines * ${LINE_BYTES}) {
  let text = '';
  for (let count = 0; count < pieceLines; count += 1) text += (String(line++).padStart(12, '0') + ' the loss went down again, and nobody knew why ').padEnd(${LINE_BYTES - 1}, '.') + '\\n';
  write(Buffer.from(text));
  const aheadMs = pace > 0 ? ((sent + text.length) / pace) * 1000 - (performance.now() - started) : 0;
  if (aheadMs > 1) await new Promise((resolve) => setTimeout(resolve, aheadMs));
}
`;

function command(program: string, bytes: number, pace: number): string[] {
  return [process.execPath, program, String(bytes), String(pace)];
}

function agentOf({ platform }: BenchPlatform): number {
  const pid = platform.parts()['agent'];
  if (pid === undefined) throw new Error('the agent does not run');
  return pid;
}

/** The process beside the job's first attempt. */
function supervisorOf(home: string, jobId: string): number {
  return Number(readFileSync(join(home, 'agent', 'attempts', `${jobId}.1`, 'run', 'pid'), 'utf8'));
}

async function fast(platform: BenchPlatform, program: string): Promise<number> {
  const { client } = platform;
  const { id } = await client.jobs.submit({ name: 'fast', command: command(program, FAST_BYTES, 0) });
  const startedAt = await started(client, id);
  while ((await takenBytes(client, id)) < FAST_BYTES) await sleep(20);
  const seconds = (Date.now() - startedAt) / 1_000;
  await ended(client, id);
  note(`Baton took ${FAST_BYTES / 1e6} MB in ${seconds.toFixed(1)} s`);
  return seconds;
}

async function tee(program: string, file: string): Promise<number> {
  const [node = '', ...rest] = command(program, FAST_BYTES, 0);
  const startedAt = performance.now();
  const writer = spawn(node, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const copier = spawn('tee', [file], { stdio: [writer.stdout, openSync('/dev/null', 'w'), 'inherit'] });
  await once(copier, 'exit');
  return (performance.now() - startedAt) / 1_000;
}

async function pace(platform: BenchPlatform, program: string): Promise<Figures> {
  const { client } = platform;
  const agent = agentOf(platform);
  const { home } = platform.platform;
  const bytes = PACE_BYTES_PER_SECOND * PACED_SECONDS;
  const { id } = await client.jobs.submit({ name: 'paced', command: command(program, bytes, PACE_BYTES_PER_SECOND) });
  await started(client, id);
  const supervisorResidentMb = residentBytes(supervisorOf(home, id)) / 1e6;
  const cpuBefore = cpuSeconds(agent);
  const since = performance.now();
  const memory: number[] = [];
  while ((await client.jobs.get(id)).state === 'running') {
    memory.push(residentBytes(agent) / 1e6);
    await sleep(WATCH_MS);
  }
  const seconds = (performance.now() - since) / 1_000;
  const agentCpuPercent = ((cpuSeconds(agent) - cpuBefore) / seconds) * 100;
  await ended(client, id);
  const third = Math.floor(memory.length / 3);
  return {
    lostLines: await lostLines(client, id, bytes),
    pacedMbPerSecond: bytes / 1e6 / seconds,
    agentCpuPercent,
    supervisorResidentMb,
    agentMostMb: Math.max(...memory),
    agentGrowthMb: Math.max(...memory.slice(-third)) - Math.max(...memory.slice(0, third)),
  };
}

/** Lines of the whole output that are missing or not what was written; each carries its number. */
async function lostLines(client: BatonClient, id: string, bytes: number): Promise<number> {
  const response = await client.jobs.rawLog(id);
  const expected = bytes / LINE_BYTES;
  let next = 0;
  let rest = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.length === LINE_BYTES - 1 && Number(line.slice(0, 12)) === next) next += 1;
  }
  return expected - next;
}

async function started(client: BatonClient, id: string): Promise<number> {
  for (;;) {
    const at = (await client.jobs.get(id)).attempts[0]?.startedAt ?? null;
    if (at !== null) return at;
    await sleep(5);
  }
}

async function takenBytes(client: BatonClient, id: string): Promise<number> {
  const response = await fetch(`${client.http.base}/api/v1/jobs/${id}/logs/raw`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${client.http.token}` },
  });
  return Number(response.headers.get('content-length') ?? 0);
}

async function ended(client: BatonClient, id: string): Promise<void> {
  for await (const _event of client.jobs.followEvents(id)) continue;
  for (let tries = 0; tries < 500; tries += 1) {
    const { state, message } = await client.jobs.get(id);
    if (state === 'succeeded') return;
    if (state === 'failed' || state === 'cancelled') throw new Error(`the job ${state}: ${message}`);
    await sleep(10);
  }
}
