// The agent killed, restarted, cut off: its jobs go on, and every end is reported once.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { membersOf, processesOf, shell, startWorld, supervisorOf, type World } from './testing/world.ts';

let world: World;
let agent: AgentProcess;
beforeEach(async () => {
  world = await startWorld();
  agent = await world.startAgent();
});
afterEach(() => world.stop());

const TICKER = 'i=0; while [ ! -e "$HOME/stop" ]; do i=$((i+1)); echo step=$i x=$i; sleep 0.02; done; exit 5';

describe('a running job', () => {
  it('is not disturbed by the agent killed and started again, and its end is reported once', async () => {
    const spec = shell(TICKER);
    world.scheduler.want(spec);
    await ticking(spec);
    const before = processesOf(spec);
    await agent.kill();
    agent = await world.startAgent();
    await eventually(
      () => world.scheduler.reported.some((one) => one.jobId === spec.jobId && one.phase === 'running'),
      'it is found again',
    );
    expect(processesOf(spec)).toEqual(
      expect.arrayContaining(before.filter((pid) => pid === supervisorOf(world, spec))),
    );
    await stopTicker(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'exited', exitCode: 5 });
    await expectWhole(spec);
    expect(world.scheduler.of(spec).map((fact) => fact.type)).toEqual(['starting', 'started', 'released', 'ended']);
  });

  it('that ends while no agent is there is reported by the next one', async () => {
    const spec = shell(TICKER);
    world.scheduler.want(spec);
    await ticking(spec);
    await agent.kill();
    await stopTicker(spec);
    await eventually(() => processesOf(spec).length === 0, 'it is over');
    agent = await world.startAgent();
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'exited', exitCode: 5 });
    await expectWhole(spec);
  });

  it('is counted in a file, left alone by a stop, and cancelled by a stop with its jobs', async () => {
    const spec = shell(TICKER);
    world.scheduler.want(spec);
    await ticking(spec);
    await agent.stop();
    expect(Number(readFileSync(join(world.folder, 'agent', 'running'), 'utf8'))).toBe(1);
    expect(processesOf(spec)).not.toEqual([]);
    agent = await world.startAgent();
    const syncs = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > syncs, 'it is heard again');
    await agent.stopWithJobs();
    await eventually(() => processesOf(spec).length === 0, 'its processes are gone, the supervisor with them');
    expect(Number(readFileSync(join(world.folder, 'agent', 'running'), 'utf8'))).toBe(0);
    agent = await world.startAgent();
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'cancelled' });
  });

  it('keeps its time limit over a restart of the agent', async () => {
    const timeLimitMs = 3_000;
    const spec = shell('sleep 300', { timeLimitMs });
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    await agent.kill();
    const syncs = world.scheduler.syncs;
    agent = await world.startAgent();
    await eventually(() => world.scheduler.syncs > syncs, 'the new one is there');
    const foundAt = Date.now();
    const result = await world.scheduler.ended(spec);
    expect(result).toMatchObject({ reason: 'time-limit' });
    // Counted anew it would end `timeLimitMs` after it was found.
    expect(result.endedAt).toBeLessThan(Math.max((result.startedAt ?? 0) + timeLimitMs, foundAt) + 1_500);
  });

  it('goes on when the agent is stopped in order', async () => {
    const spec = shell('sleep 300');
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    await agent.stop();
    expect(processesOf(spec)).not.toEqual([]);
    agent = await world.startAgent();
    world.scheduler.want({ ...spec, want: 'stop' });
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'cancelled', signal: 'SIGTERM' });
  });

  it('dies with its supervisor, and is lost', async () => {
    const spec = shell('sleep 300 & sleep 301');
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    await eventually(() => processesOf(spec).length >= 3, 'it runs');
    process.kill(supervisorOf(world, spec), 'SIGKILL');
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'lost', exitCode: null });
    expect(membersOf(world, spec)).toEqual([]);
  });
});

describe('an attempt', () => {
  it.each(['starting', 'armed', 'started'])(
    'is never started twice when the agent is killed at "%s"',
    async (entry) => {
      const spec = shell('echo run >> "$BATON_CHECKPOINT_DIR/runs"; sleep 0.3');
      world.scheduler.want(spec);
      while (!journalHolds(entry)) await new Promise((resolve) => setImmediate(resolve));
      await agent.kill();
      agent = await world.startAgent();
      const result = await world.scheduler.ended(spec);
      expect(['exited', 'lost']).toContain(result.reason);
      // Nothing that was lost runs on; what was not lost ran once.
      expect(processesOf(spec).filter((pid) => pid !== supervisorOf(world, spec))).toEqual([]);
      expect(readRuns(spec)).toBeLessThanOrEqual(1);
      expect(readRuns(spec) + (result.reason === 'lost' ? 1 : 0)).toBeGreaterThanOrEqual(1);
    },
  );

  it('is reported when the scheduler is back, in order and once', async () => {
    world.scheduler.acknowledges = false;
    const spec = shell('echo hello');
    world.scheduler.want(spec);
    await eventually(
      () => processesOf(spec).length === 0 && readText(join(world.attemptFolder(spec), 'run', 'exit')) !== '',
      'it is over',
    );
    await world.nats.restart();
    world.scheduler.acknowledges = true;
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(world.scheduler.of(spec).map((fact) => fact.seq)).toEqual([1, 2, 3, 4]);
  });
});

describe('without log streams', () => {
  it('a job ends all the same, and its output is shipped when they are there', async () => {
    await world.deleteStreams();
    const spec = shell('echo loss=0.5; echo late');
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({
      exitCode: 0,
      finalMetrics: { loss: 0.5 },
      lastLines: ['loss=0.5', 'late'],
    });
    world.scheduler.want();
    await world.createStreams();
    await eventually(async () => (await world.log(spec, 'stdout')).toString() === 'loss=0.5\nlate\n', 'it is shipped');
    await eventually(async () => (await world.points(spec)).length === 1, 'the point is published');
  }, 40_000);
});

it('two agents never work in one folder', async () => {
  await eventually(() => world.scheduler.syncs > 0, 'the first one works');
  const second = await world.startAgent();
  await eventually(() => second.logged().includes('Another agent works in'), 'the second one refuses');
  expect(agent.logged()).not.toContain('Another agent');
});

async function stopTicker(spec: Parameters<World['attemptFolder']>[0]): Promise<void> {
  await writeFile(join(world.attemptFolder(spec), 'work', 'stop'), '');
}

/** It has printed a few lines. */
async function ticking(spec: Parameters<World['attemptFolder']>[0]): Promise<void> {
  const output = join(world.attemptFolder(spec), 'stdout');
  await world.scheduler.started(spec);
  await eventually(() => readText(output).split('\n').length > 3, 'it prints');
}

/** All lines and points are there, each once. */
async function expectWhole(spec: Parameters<World['attemptFolder']>[0]): Promise<void> {
  const text = (await world.log(spec, 'stdout')).toString();
  expect(text).toBe(readText(join(world.attemptFolder(spec), 'stdout')));
  const steps = new Map((await world.points(spec)).map((point) => [point.seq, point.step]));
  const lines = text.trimEnd().split('\n').length;
  expect([...steps.values()]).toEqual(Array.from({ length: lines }, (_, index) => index + 1));
}

function readRuns(spec: Parameters<World['attemptFolder']>[0]): number {
  return readText(join(world.folder, 'agent', 'checkpoints', spec.jobId, 'runs')).split('run').length - 1;
}

function journalHolds(entry: string): boolean {
  return readText(join(world.folder, 'agent', 'journal.ndjson')).includes(`{"type":"${entry}"`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
