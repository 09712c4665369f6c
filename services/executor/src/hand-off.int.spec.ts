// The hand-off on real processes: the next attempt waits behind the running one, and starts without asking anybody.
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cgroups } from './adapters/process/cgroups.ts';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { HandOff, HOLD, NEXT, slot, waitingFor } from './testing/hand-off.ts';
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

const handOff = new HandOff(() => world);

describe('an attempt behind a running one', () => {
  it('is staged, and starts when that has ended though the scheduler is not there', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    expect(handOff.types(next)).toEqual(['staged']);
    process.kill(world.nats.pid, 'SIGSTOP');
    handOff.release(first);
    await eventually(() => handOff.runs(next) === 1, 'it ran');
    process.kill(world.nats.pid, 'SIGCONT');
    await world.scheduler.ended(next);
    const started = world.scheduler.of(next).find((fact) => fact.type === 'started');
    expect(started).toMatchObject({ devices: ['cpu-0'] });
    expect(handOff.types(next)).toEqual(['staged', 'started', 'released', 'ended']);
    // In the journal's order, the device is free before it is taken.
    const order = world.scheduler.facts.map((fact) => `${fact.jobId === first.jobId ? 'first' : 'next'} ${fact.type}`);
    expect(order.indexOf('first released')).toBeLessThan(order.indexOf('next ended'));
  });

  it('computes at the usual priority, and so does one that had not to wait, whatever the agent gives itself', async () => {
    const first = shell(`nice; ${HOLD}`);
    const next = waitingFor('nice', first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    handOff.release(first);
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
    await handOff.staged(next);
    handOff.release(two);
    await world.scheduler.ended(next);
    expect(world.scheduler.of(next).find((fact) => fact.type === 'started')).toMatchObject({ devices: ['cpu-1'] });
    expect(processesOf(one)).not.toEqual([]);
  });

  it('is given back when asked, and never runs', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    world.scheduler.want(first, { ...next, want: 'revoke' });
    await eventually(() => handOff.types(next).includes('revoked'), 'it is given back');
    expect(processesOf(next)).toEqual([]);
    handOff.release(first);
    await world.scheduler.ended(first);
    expect(handOff.runs(next)).toBe(0);
    // A set that asks once more is answered once more.
    expect([...new Set(handOff.types(next))]).toEqual(['staged', 'revoked']);
  });

  it('is either given back or started, never both, when asked in the instant in which the running one exits', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const first = shell(HOLD);
      const next = waitingFor(NEXT, first);
      world.scheduler.want(first, next);
      await handOff.staged(next);
      handOff.release(first);
      await new Promise((resolve) => setTimeout(resolve, round * 2));
      world.scheduler.want(first, { ...next, want: 'revoke' });
      await eventually(
        () => handOff.types(next).some((type) => type === 'revoked' || type === 'ended'),
        'it is answered',
      );
      const revoked = handOff.types(next).includes('revoked');
      expect(handOff.types(next).includes('started')).toBe(!revoked);
      expect(handOff.runs(next)).toBe(revoked ? 0 : 1);
      outcomes.add(revoked ? 'revoked' : 'started');
      world.scheduler.want();
    }
    expect(outcomes.size).toBeGreaterThan(0);
  }, 60_000);

  it('goes on waiting while the agent is killed and started again, and runs once', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    const waits = processesOf(next);
    await agent.kill();
    expect(processesOf(next)).toEqual(waits);
    agent = await world.startAgent();
    await eventually(() => world.scheduler.reported.some((one) => one.jobId === next.jobId), 'it is found again');
    handOff.release(first);
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(handOff.runs(next)).toBe(1);
  });

  it('starts when the running one has ended while no agent was there', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    await agent.kill();
    handOff.release(first);
    await eventually(() => membersOf(world, first).length === 0, 'it is over');
    agent = await world.startAgent();
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
    expect(handOff.runs(next)).toBe(1);
  });

  it('does not get what one behind it has taken, when an agent finds both again', async () => {
    // A rank, since that is not ready before it is told: so the one behind it is ready first, and takes the device.
    const nodes = ['one', 'two'].map((name) => ({ name, address: `${name}.lab` }));
    const gang = { rank: 1, nodes, rendezvous: null };
    const first = shell(HOLD);
    const late = { ...waitingFor(NEXT, first), gang };
    const quick = waitingFor(`${NEXT}; ${HOLD}`, first);
    world.scheduler.want(first, late, quick);
    await Promise.all([handOff.staged(late), handOff.staged(quick)]);
    handOff.release(first);
    await eventually(() => handOff.runs(quick) === 1, 'it has the device');
    world.scheduler.want({ ...late, gang: { ...gang, rendezvous: { host: 'one.lab', port: 4_567 } } }, quick);
    const told = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > told + 1, 'the other one may start');
    await agent.kill();
    agent = await world.startAgent();
    const found = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > found + 1, 'both are found again');
    expect(handOff.runs(late)).toBe(0);
    handOff.release(quick);
    await world.scheduler.ended(late);
    expect(handOff.runs(late)).toBe(1);
  });

  it('runs at most once when the agent is killed around the start', async () => {
    for (let round = 0; round < 4; round += 1) {
      const first = shell(HOLD);
      const next = waitingFor(NEXT, first);
      world.scheduler.want(first, next);
      await handOff.staged(next);
      handOff.release(first);
      await new Promise((resolve) => setTimeout(resolve, round * 6));
      await agent.kill();
      agent = await world.startAgent();
      expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited' });
      expect(handOff.runs(next)).toBe(1);
    }
  }, 60_000);

  it('can be cancelled while it waits', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    world.scheduler.want(first, { ...next, want: 'stop' });
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'cancelled', startedAt: null });
    expect(handOff.runs(next)).toBe(0);
    expect(processesOf(first)).not.toEqual([]);
  });

  it('counts as a loss of the platform when what waits is killed', async () => {
    const first = shell(HOLD);
    const next = waitingFor(NEXT, first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    process.kill(supervisorOf(world, next), 'SIGKILL');
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'start-failed', startedAt: null });
  });

  it('waits until the whole group of the running one is gone', async () => {
    const first = shell(`(trap "" TERM HUP; sleep 300) & setsid sleep 301 & ${HOLD}`);
    const next = waitingFor('true', first);
    world.scheduler.want(first, next);
    await handOff.staged(next);
    handOff.release(first);
    await world.scheduler.started(next);
    expect(membersOf(world, first)).toEqual([]);
  });

  it.skipIf(!hasGroups)(
    'waits until a child is gone that hides from its job: another session, no environment',
    async () => {
      const child = `env -i PATH="$PATH" setsid sh -c 'trap "" TERM HUP; echo $$ > "$0"; sleep 300; sleep 300'`;
      const file = '"$BATON_CHECKPOINT_DIR/child"';
      const first = shell(`(${child} ${file} &); while [ ! -s ${file} ]; do sleep 0.01; done; ${HOLD}`);
      const pid = `$(cat ${join(handOff.checkpoints(first), 'child')})`;
      const next = waitingFor(`grep -qs . /proc/${pid}/cmdline && echo lives; exit 0`, first);
      world.scheduler.want(first, next);
      await handOff.staged(next);
      handOff.release(first);
      expect(await world.scheduler.ended(next)).toMatchObject({ exitCode: 0, lastLines: [] });
      expect(readFileSync(join(handOff.checkpoints(first), 'child'), 'utf8')).toMatch(/^\d+\n$/);
    },
  );

  it('has its time limit counted from its start', async () => {
    const first = shell(HOLD);
    const next = { ...waitingFor('sleep 300', first), timeLimitMs: 700 };
    world.scheduler.want(first, next);
    await handOff.staged(next);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    handOff.release(first);
    const result = await world.scheduler.ended(next);
    expect(result.reason).toBe('time-limit');
    expect(result.endedAt - (result.startedAt ?? 0)).toBeGreaterThanOrEqual(600);
  });
});
