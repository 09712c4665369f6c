// Jobs that don't wait for a lost node: the guard beside them ends them with the lease, with the agent or without it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { processesOf, shell, startWorld, type World } from './testing/world.ts';

/** With its child in a session of its own. */
const LONG = 'setsid sleep 300 & sleep 300';
const LEASE_MS = 3_000;

let world: World;
let agent: AgentProcess;
beforeEach(async () => {
  world = await startWorld();
  world.scheduler.leaseMs = LEASE_MS;
  agent = await world.startAgent();
});
afterEach(() => world.stop());

const leased = (script: string) => shell(script, { onNodeLoss: 'requeue' });
const onSlot = (index: number) => ({
  devices: [{ id: `cpu-${index}`, kind: 'cpu' as const, index, model: 'CPU slot', memoryBytes: 0 }],
});
const leaseOf = () => Number(readFileSync(join(world.folder, 'agent', 'lease'), 'utf8').split(' ')[0]);
const gone = (spec: ReturnType<typeof shell>) =>
  eventually(() => processesOf(spec).length === 0, 'nothing of it is left');

describe('an attempt by lease', () => {
  it('goes on as long as the scheduler answers', async () => {
    const spec = leased(LONG);
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    const until = leaseOf();
    await eventually(() => leaseOf() > until + LEASE_MS / 1_000, 'it is renewed past its end');
    expect(processesOf(spec).length).toBeGreaterThan(2);
    expect(world.scheduler.of(spec).some(({ type }) => type === 'ended')).toBe(false);
  });

  it('has the lease that was there before it, also where its desired set is pushed', async () => {
    // Long enough for a slow machine.
    world.scheduler.leaseMs = 20 * LEASE_MS;
    const asked = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > asked + 1, 'the agent has been answered, and has asked again');
    world.scheduler.leaseMs = null;
    const spec = leased('echo ran');
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'exited', lastLines: ['ran'] });
  });

  it('ends with all its processes when the agent is killed, and one that may wait goes on', async () => {
    const [spec, patient] = [leased(LONG), shell(LONG, onSlot(1))];
    world.scheduler.want(spec, patient);
    await Promise.all([world.scheduler.started(spec), world.scheduler.started(patient)]);
    await agent.kill();
    await gone(spec);
    expect(processesOf(patient).length).toBeGreaterThan(2);
    agent = await world.startAgent();
    expect(await world.scheduler.ended(spec)).toMatchObject({
      reason: 'lost',
      message: expect.stringContaining('lease') as unknown,
    });
  });

  it('ends while the agent is paused, and is not started again when it wakes', async () => {
    const spec = leased(LONG);
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    process.kill(agent.pid, 'SIGSTOP');
    await gone(spec);
    process.kill(agent.pid, 'SIGCONT');
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'lost' });
    expect(processesOf(spec)).toEqual([]);
  });

  it('ends where the agent lives and the scheduler does not answer', async () => {
    const spec = leased(LONG);
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    world.scheduler.leaseMs = null;
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'lost' });
    await gone(spec);
  });

  it('is never begun without a lease', async () => {
    await agent.stop();
    world.scheduler.leaseMs = null;
    agent = await world.startAgent();
    const spec = leased('touch "$HOME/ran"; sleep 300');
    world.scheduler.want(spec);
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'lost' });
    await sleep(100);
    expect(() => readFileSync(join(world.attemptFolder(spec), 'work', 'ran'))).toThrow('ENOENT');
  });
});
