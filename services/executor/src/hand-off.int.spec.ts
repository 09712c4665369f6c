// The hand-off on real processes: the next attempt waits behind the running one, and starts without asking anybody.
import type { DesiredAttempt, Device } from '@baton/contracts';
import { readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cgroups } from './adapters/process/cgroups.ts';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { membersOf, processesOf, shell, startWorld, supervisorOf, type World } from './testing/world.ts';

const cgroups = Cgroups.open('test');
const hasGroups = cgroups !== null;
cgroups?.close();

let world: World;
let agent: AgentProcess;
beforeEach(async () => {
  world = await startWorld();
  agent = await world.startAgent();
});
afterEach(() => world.stop());

const slot = (index: number): Device => ({
  id: `cpu-${index}`,
  kind: 'cpu',
  index,
  model: 'CPU slot',
  memoryBytes: 0,
});

/** Runs until told; says when it began. */
const HOLD = 'echo begun; while [ ! -e "$BATON_CHECKPOINT_DIR/stop" ]; do sleep 0.01; done';
const NEXT = 'echo run >> "$BATON_CHECKPOINT_DIR/runs"';

function waitingFor(script: string, ...predecessors: DesiredAttempt[]): DesiredAttempt {
  const pool = predecessors.flatMap((spec) => spec.devices);
  const keys = predecessors.map(({ jobId, attempt }) => ({ jobId, attempt }));
  return shell(script, { devices: [], behind: { count: 1, pool, predecessors: keys } });
}

describe('an attempt behind a running one', () => {
  it('is staged, and starts when that has ended though the scheduler is not there', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await staged(next);
    expect(typesOf(next)).toEqual(['staged']);
    process.kill(world.nats.pid, 'SIGSTOP');
    release(first);
    await eventually(() => runsOf(next) === 1, 'it ran');
    process.kill(world.nats.pid, 'SIGCONT');
    await world.scheduler.ended(next);
    const started = world.scheduler.of(next).find((fact) => fact.type === 'started');
    expect(started).toMatchObject({ devices: ['cpu-0'] });
    expect(typesOf(next)).toEqual(['staged', 'started', 'released', 'ended']);
    // In the journal's order, the device is free before it is taken.
    const order = world.scheduler.facts.map((fact) => `${fact.jobId === first.jobId ? 'first' : 'next'} ${fact.type}`);
    expect(order.indexOf('first released')).toBeLessThan(order.indexOf('next ended'));
  });

  it('computes at the usual priority, and so does one that had not to wait, whatever the agent gives itself', async () => {
    const first = shell(`nice; ${HOLD}`);
    const next = waitingFor('nice', first);
    world.scheduler.want(first, next);
    await staged(next);
    release(first);
    await world.scheduler.ended(next);
    const usual = String(getPriority());
    expect((await world.log(first, 'stdout')).toString().split('\n')[0]).toBe(usual);
    expect((await world.log(next, 'stdout')).toString().trim()).toBe(usual);
  });

  it('takes whichever device comes free first', async () => {
    const one = shell(HOLD, { devices: [slot(0)] });
    const two = shell(HOLD, { devices: [slot(1)] });
    const next = waitingFor(NEXT, one, two);
    world.scheduler.want(one, two, next);
    await staged(next);
    release(two);
    await world.scheduler.ended(next);
    expect(world.scheduler.of(next).find((fact) => fact.type === 'started')).toMatchObject({ devices: ['cpu-1'] });
    expect(processesOf(one)).not.toEqual([]);
  });

  it('is given back when asked, and never runs', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await staged(next);
    world.scheduler.want(first, { ...next, want: 'revoke' });
    await eventually(() => typesOf(next).includes('revoked'), 'it is given back');
    expect(processesOf(next)).toEqual([]);
    release(first);
    await world.scheduler.ended(first);
    expect(runsOf(next)).toBe(0);
    // A set that asks once more is answered once more.
    expect([...new Set(typesOf(next))]).toEqual(['staged', 'revoked']);
  });

  it('is either given back or started, never both, when asked in the instant in which the running one exits', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const first = shell(HOLD);
      const next = waitingFor(NEXT, first);
      world.scheduler.want(first, next);
      await staged(next);
      release(first);
      await new Promise((resolve) => setTimeout(resolve, round * 2));
      world.scheduler.want(first, { ...next, want: 'revoke' });
      await eventually(() => typesOf(next).some((type) => type === 'revoked' || type === 'ended'), 'it is answered');
      const revoked = typesOf(next).includes('revoked');
      expect(typesOf(next).includes('started')).toBe(!revoked);
      expect(runsOf(next)).toBe(revoked ? 0 : 1);
      outcomes.add(revoked ? 'revoked' : 'started');
      world.scheduler.want();
    }
    expect(outcomes.size).toBeGreaterThan(0);
  }, 60_000);

  it('goes on waiting while the agent is killed and started again, and runs once', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await staged(next);
    const waits = processesOf(next);
    await agent.kill();
    expect(processesOf(next)).toEqual(waits);
    agent = await world.startAgent();
    await eventually(() => world.scheduler.reported.some((one) => one.jobId === next.jobId), 'it is found again');
    release(first);
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(runsOf(next)).toBe(1);
  });

  it('starts when the running one has ended while no agent was there', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await staged(next);
    await agent.kill();
    release(first);
    await eventually(() => membersOf(world, first).length === 0, 'it is over');
    agent = await world.startAgent();
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(runsOf(next)).toBe(1);
  });

  it('does not get what one behind it has taken, when an agent finds both again', async () => {
    // A rank, since that is not ready before it is told: so the one behind it is ready first, and takes the device.
    const nodes = ['one', 'two'].map((name) => ({ name, address: `${name}.lab` }));
    const gang = { rank: 1, nodes, rendezvous: null };
    const first = shell(HOLD);
    const late = { ...waitingFor(NEXT, first), gang };
    const quick = waitingFor(`${NEXT}; ${HOLD}`, first);
    world.scheduler.want(first, late, quick);
    await Promise.all([staged(late), staged(quick)]);
    release(first);
    await eventually(() => runsOf(quick) === 1, 'it has the device');
    world.scheduler.want({ ...late, gang: { ...gang, rendezvous: { host: 'one.lab', port: 4_567 } } }, quick);
    const told = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > told + 1, 'the other one may start');
    await agent.kill();
    agent = await world.startAgent();
    const found = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > found + 1, 'both are found again');
    expect(runsOf(late)).toBe(0);
    release(quick);
    await world.scheduler.ended(late);
    expect(runsOf(late)).toBe(1);
  });

  it('runs at most once when the agent is killed around the start', async () => {
    for (let round = 0; round < 4; round += 1) {
      const first = shell(HOLD);
      const next = waitingFor(NEXT, first);
      world.scheduler.want(first, next);
      await staged(next);
      release(first);
      await new Promise((resolve) => setTimeout(resolve, round * 6));
      await agent.kill();
      agent = await world.startAgent();
      expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited' });
      expect(runsOf(next)).toBe(1);
    }
  }, 60_000);

  it('can be cancelled while it waits', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await staged(next);
    world.scheduler.want(first, { ...next, want: 'stop' });
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'cancelled', startedAt: null });
    expect(runsOf(next)).toBe(0);
    expect(processesOf(first)).not.toEqual([]);
  });

  it('counts as a loss of the platform when what waits is killed', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await staged(next);
    process.kill(supervisorOf(world, next), 'SIGKILL');
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'start-failed', startedAt: null });
  });

  it('waits until the whole group of the running one is gone', async () => {
    const first = shell(`(trap "" TERM HUP; sleep 300) & setsid sleep 301 & ${HOLD}`);
    const next = waitingFor('true', first);
    world.scheduler.want(first, next);
    await staged(next);
    release(first);
    await world.scheduler.started(next);
    expect(membersOf(world, first)).toEqual([]);
  });

  it.skipIf(!hasGroups)(
    'waits until a child is gone that hides from its job: another session, no environment',
    async () => {
      const child = `env -i PATH="$PATH" setsid sh -c 'trap "" TERM HUP; echo $$ > "$0"; sleep 300; sleep 300'`;
      const file = '"$BATON_CHECKPOINT_DIR/child"';
      const first = shell(`(${child} ${file} &); while [ ! -s ${file} ]; do sleep 0.01; done; ${HOLD}`);
      const pid = `$(cat ${join(checkpoints(first), 'child')})`;
      const next = waitingFor(`grep -qs . /proc/${pid}/cmdline && echo lives; exit 0`, first);
      world.scheduler.want(first, next);
      await staged(next);
      release(first);
      expect(await world.scheduler.ended(next)).toMatchObject({ exitCode: 0, lastLines: [] });
      expect(readFileSync(join(checkpoints(first), 'child'), 'utf8')).toMatch(/^\d+\n$/);
    },
  );

  it('has its time limit counted from its start', async () => {
    const first = shell(HOLD);
    const next = { ...waitingFor('sleep 300', first), timeLimitMs: 700 };
    world.scheduler.want(first, next);
    await staged(next);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    release(first);
    const result = await world.scheduler.ended(next);
    expect(result.reason).toBe('time-limit');
    expect(result.endedAt - (result.startedAt ?? 0)).toBeGreaterThanOrEqual(600);
  });
});

describe('an early-started attempt', () => {
  const python = process.env['BATON_PYTHON'] ?? 'python3';
  const early = (script: string, ...predecessors: DesiredAttempt[]) => ({
    ...waitingFor('', ...predecessors),
    command: [python, '-c', script],
    earlyStart: true,
  });
  const TAKES = [
    'import os, baton',
    'runs = os.environ["BATON_CHECKPOINT_DIR"] + "/runs"',
    'print("imported", repr(os.environ["CUDA_VISIBLE_DEVICES"]), flush=True)',
    'cards = baton.take()',
    'open(runs, "a").write("run")',
    'print("took", cards, os.environ["CUDA_VISIBLE_DEVICES"], baton.take() == cards, flush=True)',
  ].join('\n');
  const card = (index: number): Device => ({ id: `GPU-${index}`, kind: 'gpu', index, model: 'x', memoryBytes: 1 });

  it('runs up to its own take() behind the running one, without seeing the card', async () => {
    const first = shell(HOLD, { devices: [card(7)] });
    const next = early(TAKES, first);
    world.scheduler.want(first, next);
    await staged(next);
    await eventually(async () => (await world.log(next, 'stdout')).includes("imported ''"), 'it has imported');
    expect(runsOf(next)).toBe(0);
    release(first);
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect((await world.log(next, 'stdout')).toString()).toContain("took ['GPU-7'] GPU-7 True");
    expect(typesOf(next)).toEqual(['staged', 'started', 'taken', 'released', 'ended']);
  });

  it('works for any language through baton-take', async () => {
    const first = shell(HOLD, { devices: [card(3)] });
    const command = ['baton-take', '--', 'sh', '-c', `${NEXT}; echo card=$CUDA_VISIBLE_DEVICES`];
    const next = { ...early('', first), command };
    world.scheduler.want(first, next);
    await staged(next);
    release(first);
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect((await world.log(next, 'stdout')).toString()).toBe('card=GPU-3\n');
    expect(typesOf(next)).toContain('taken');
  });

  it('is found again by the next agent, and gets its turn', async () => {
    const first = shell(HOLD);
    const next = early(TAKES, first);
    world.scheduler.want(first, next);
    await staged(next);
    await agent.kill();
    release(first);
    agent = await world.startAgent();
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(runsOf(next)).toBe(1);
  });

  it('is ended, with the reason, when it does not take the card in time', async () => {
    await agent.stop();
    agent = await world.startAgent({ BATON_TAKE_LIMIT_MS: '300' });
    const first = shell(HOLD);
    const next = early('import time; time.sleep(300)', first);
    world.scheduler.want(first, next);
    await staged(next);
    release(first);
    const result = await world.scheduler.ended(next);
    expect(result).toMatchObject({ reason: 'not-taken' });
    expect(result.message).toContain('baton.take()');
  });

  it('that crashes before its turn ends as the failure that it is', async () => {
    const first = shell(HOLD);
    const next = early('import no_such_module', first);
    world.scheduler.want(first, next);
    const result = await world.scheduler.ended(next);
    expect(result).toMatchObject({ reason: 'exited', exitCode: 1, startedAt: null });
    expect(result.lastLines.join('\n')).toContain('no_such_module');
    expect(processesOf(first)).not.toEqual([]);
  });

  it('goes without a wait where the card is free: take() returns at once', async () => {
    const alone = { ...shell(''), command: [python, '-c', TAKES], earlyStart: true, devices: [card(1)] };
    world.scheduler.want(alone);
    expect(await world.scheduler.ended(alone)).toMatchObject({ exitCode: 0 });
    expect((await world.log(alone, 'stdout')).toString()).toContain("took ['GPU-1'] GPU-1 True");
  });
});

const typesOf = (spec: DesiredAttempt) => world.scheduler.of(spec).map((fact) => fact.type);

async function staged(spec: DesiredAttempt): Promise<void> {
  await eventually(() => typesOf(spec).includes('staged'), 'it is staged');
  const ahead = spec.behind?.predecessors ?? [];
  const hasStarted = (jobId: string) =>
    world.scheduler.facts.some((fact) => fact.jobId === jobId && fact.type === 'started');
  await eventually(() => ahead.every(({ jobId }) => hasStarted(jobId)), 'those ahead run');
}

function checkpoints(spec: DesiredAttempt): string {
  return join(world.folder, 'agent', 'checkpoints', spec.jobId);
}

function release(spec: DesiredAttempt): void {
  writeFileSync(join(checkpoints(spec), 'stop'), '');
}

function runsOf(spec: DesiredAttempt): number {
  try {
    return readFileSync(join(checkpoints(spec), 'runs'), 'utf8').split('run').length - 1;
  } catch {
    return 0;
  }
}
