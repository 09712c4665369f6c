// Jobs on several nodes: two agents on this machine, whose ranks find each other, start on both or on none, and end together.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobSpec, JobView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { killProcessesOf, processesOf } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ended, positionOf, run, shell, untilState } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { trainingPython } from './python.ts';
import { SecondNode } from './second-node.ts';

const CLI = fileURLToPath(new URL('../../libs/cli/dist/main.js', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/all-reduce', import.meta.url));
const PATIENCE = { timeout: 60_000, interval: 50 };
const TORCH_PYTHON = process.env['BATON_TORCH_PYTHON'];
if (!TORCH_PYTHON)
  process.stderr.write('SKIPPED: torch.distributed over two nodes; set BATON_TORCH_PYTHON to run it.\n');

let platform: TestPlatform;
let admin: BatonClient;
let second: SecondNode;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_NODE_NAME: 'first' }));
  second = await SecondNode.join(admin, platform.url);
});
afterAll(async () => {
  await second.end();
  await platform.cleanUp();
});

const python = (script: string, interpreter = trainingPython()): JobSpec => ({
  command: [interpreter, '-c', readFileSync(join(EXAMPLE, script), 'utf8')],
  nodes: 2,
});
/** Each rank leaves its mark, and rank `rank` goes on as said; the others wait to be stopped. */
const parted = (rank: number, line: string) =>
  shell(`echo begun; if [ $BATON_NODE_RANK = ${rank} ]; then ${line}; else sleep 600; fi`, { nodes: 2 });
const log = (id: string, rank: number) => admin.jobs.logs(id, { rank });
const lastAttempt = (job: JobView) => job.attempts.at(-1);
const bothBegun = (id: string) =>
  vi.waitFor(async () => {
    for (const rank of [0, 1]) expect(await log(id, rank)).toContain('begun');
  }, PATIENCE);
/** What runs of the job on this machine, by its environment. */
const processes = () =>
  [...platform.leftovers(), ...processesOf(second.folder)].filter(({ command }) => command.includes('sleep 600'));

describe('a job on two nodes', () => {
  it('adds up over both of them, and each rank has a log of its own', async () => {
    const job = await run(admin, python('sockets.py'));
    expect([job.state, job.message]).toEqual(['succeeded', expect.anything()]);
    expect(await log(job.id, 0)).toBe('rank 0 of 2 at 127.0.0.1,127.0.0.1: 1 of 11\n');
    expect(await log(job.id, 1)).toBe('rank 1 of 2 at 127.0.0.1,127.0.0.1: 10 of 11\n');
    const ranks = lastAttempt(job)?.ranks;
    expect(ranks?.map(({ nodeName }) => nodeName).toSorted()).toEqual(['first', 'second']);
    expect(ranks?.every(({ result }) => result?.exitCode === 0)).toBe(true);
    const permitted = await positionOf(admin, job.id, 'GangPermitted');
    expect(await positionOf(admin, job.id, 'AttemptStarted')).toBeGreaterThan(permitted);
    await expect(log(job.id, 2)).rejects.toThrow(/has no rank 2/);
  });

  it('has the metrics of each rank, though they have the same numbers', async () => {
    const job = await run(admin, shell('echo "step=1 rank=$BATON_NODE_RANK"', { nodes: 2 }));
    for (const rank of [0, 1]) {
      const { items } = await admin.jobs.metrics(job.id, { rank });
      expect(items.map(({ step, values }) => [step, values])).toEqual([[1, { rank }]]);
    }
  });

  it.skipIf(!TORCH_PYTHON)('adds up with torch.distributed', async () => {
    const job = await run(admin, python('with_torch.py', TORCH_PYTHON));
    expect([job.state, await log(job.id, 0), await log(job.id, 1)]).toEqual([
      'succeeded',
      expect.stringContaining('rank 0 of 2: 11'),
      expect.stringContaining('rank 1 of 2: 11'),
    ]);
  });

  it('fails with the rank that failed, and the other one is stopped', async () => {
    const job = await run(admin, parted(1, 'echo oh no; exit 3'));
    const failing = lastAttempt(job)?.ranks?.[1];
    expect(job).toMatchObject({ state: 'failed', message: `Rank 1 on ${failing?.nodeName}: Exited with code 3.` });
    expect(lastAttempt(job)?.result).toMatchObject({ reason: 'exited', exitCode: 3, lastLines: ['begun', 'oh no'] });
    expect(lastAttempt(job)?.ranks?.map(({ result }) => result?.reason)).toEqual(['cancelled', 'exited']);
  });

  it('is tried again as a whole, and keeps what each rank has left', async () => {
    const line =
      'echo $BATON_NODE_RANK > "$BATON_OUTPUT_DIR"/rank.txt; [ $BATON_NODE_RANK = 0 ] || [ $BATON_ATTEMPT = 2 ]';
    const job = await run(admin, shell(line, { nodes: 2, retries: 1 }));
    expect(job).toMatchObject({ state: 'succeeded', counters: { userFailures: 1 } });
    expect(job.attempts.map(({ ranks }) => ranks?.map(({ result }) => result?.exitCode))).toEqual([
      [0, 1],
      [0, 0],
    ]);
    for (const rank of [0, 1]) {
      const left = await admin.jobs.artifact(job.id, 'rank.txt', { query: { rank } });
      expect(await left.text()).toBe(`${rank}\n`);
    }
  });

  it('is stopped on both by a cancellation', async () => {
    const { id } = await admin.jobs.submit(parted(9, 'true'));
    await bothBegun(id);
    await admin.jobs.cancel(id);
    const job = await ended(admin, id);
    expect(job.state).toBe('cancelled');
    expect(lastAttempt(job)?.ranks?.map(({ result }) => result?.reason)).toEqual(['cancelled', 'cancelled']);
    await vi.waitFor(() => expect(processes()).toEqual([]), PATIENCE);
  });

  it('waits, with nothing started, while one of its nodes is busy, and lets pass who fits meanwhile', async () => {
    const release = join(second.folder, 'release');
    const busy = await admin.jobs.submit({
      ...shell('while [ ! -e "$RELEASE" ]; do sleep 0.05; done', { node: 'second' }),
      env: { RELEASE: release },
    });
    await untilState(admin, busy.id, 'running');
    const { id } = await admin.jobs.submit(python('sockets.py'));
    await vi.waitFor(
      async () =>
        expect(await admin.jobs.get(id)).toMatchObject({ state: 'queued', waiting: { code: 'devices-busy' } }),
      PATIENCE,
    );
    expect(await run(admin, { ...shell('true'), node: 'first' })).toMatchObject({ state: 'succeeded' });
    expect((await admin.jobs.get(id)).state).toBe('queued');
    writeFileSync(release, '');
    expect(await ended(admin, id)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
  });

  it('is asked for, and looked at rank by rank, on the command line', async () => {
    const baton = (...args: readonly string[]) => {
      const env = { ...process.env, BATON_URL: platform.url, BATON_TOKEN: admin.http.token, NO_COLOR: '1' };
      return spawnSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8' });
    };
    const line = 'echo this is $BATON_NODE_RANK of $BATON_NUM_NODES';
    const { status, stdout } = baton('run', '--nodes', '2', '--name', 'pair', '--', 'sh', '-c', line);
    expect([status, stdout]).toEqual([0, expect.stringContaining('this is 0 of 2')]);
    expect(baton('job', 'logs', 'pair', '--rank', '1').stdout).toBe('this is 1 of 2\n');
    expect(baton('job', 'show', 'pair').stdout).toMatch(/RANK +NODE .*\n +0 +\w+ .*\n +1 +\w+ /);
    expect(baton('node', 'show', 'second').stdout).toMatch(/address +127\.0\.0\.1/);
  });

  it('is refused where it can never be placed, and with what does not go with it', async () => {
    await expect(admin.jobs.submit(shell('true', { nodes: 3 }))).rejects.toThrow(/2 of 2 nodes could hold a part/);
    await expect(admin.jobs.submit(shell('true', { nodes: 2, node: 'first' }))).rejects.toThrow(/\/node/);
    await expect(admin.jobs.submit(shell('true', { nodes: 2, earlyStart: true }))).rejects.toThrow(/\/earlyStart/);
  });
});

describe('an agent that dies', () => {
  it('with a rank that waits for its peer: both start, once', async () => {
    const other = platform.leftovers().find(({ command }) => command.includes('agent.js'))?.pid ?? 0;
    // Until it goes on, its rank is not ready, and the other one waits.
    process.kill(other, 'SIGSTOP');
    const { id } = await admin.jobs.submit(python('sockets.py'));
    await vi.waitFor(() => positionOf(admin, id, 'AttemptStaged'), PATIENCE);
    await second.stop('SIGKILL');
    process.kill(other, 'SIGCONT');
    // Nobody is there to hear it.
    await vi.waitFor(() => positionOf(admin, id, 'GangPermitted'), PATIENCE);
    await second.startAgain();
    const job = await ended(admin, id);
    expect(job).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
    for (const rank of [0, 1]) expect(await log(id, rank)).toMatch(new RegExp(`^rank ${rank} of 2 .* of 11\n$`));
    const { items } = await admin.jobs.events(id);
    const types = items.flatMap(({ events }) => events.map(({ type }) => type));
    expect(types.filter((type) => type === 'AttemptStarted')).toHaveLength(2);
  });

  it('with a rank that runs: goes on with it', async () => {
    const { id } = await admin.jobs.submit(parted(9, 'true'));
    await bothBegun(id);
    await second.stop('SIGKILL');
    await second.startAgain();
    await admin.jobs.cancel(id);
    expect((await ended(admin, id)).attempts).toHaveLength(1);
    expect(second.id).toMatch(/^nod_/);
  });
});

describe('a node that is dead for good', () => {
  it('takes the other rank with it, and the job queues again', async () => {
    const { id } = await admin.jobs.submit(parted(9, 'true'));
    await bothBegun(id);
    await second.stop('SIGKILL');
    await killProcessesOf(second.folder);
    await vi.waitFor(() => admin.nodes.remove('second', { force: true }), PATIENCE);
    const job = await untilState(admin, id, 'queued');
    expect(job).toMatchObject({ counters: { infrastructureLosses: 1, userFailures: 0 } });
    expect(lastAttempt(job)?.result).toMatchObject({ reason: 'lost' });
    expect(lastAttempt(job)?.result?.message).toMatch(/^Rank \d on second: Its node was removed by an admin\.$/);
    await vi.waitFor(() => expect(processes()).toEqual([]), PATIENCE);
    await vi.waitFor(
      async () => expect((await admin.jobs.get(id)).waiting).toMatchObject({ code: 'no-node' }),
      PATIENCE,
    );
    await admin.jobs.cancel(id);
    expect(await ended(admin, id)).toMatchObject({ state: 'cancelled' });
  });
});
