// A card that falls out while jobs run: what has it ends as the platform's loss, nobody gets it, and it comes back.
import type { Device } from '@baton/contracts';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentProcess } from './testing/agent-process.ts';
import { eventually } from './testing/eventually.ts';
import { fakeNvidiaSmi } from './testing/fake-nvidia-smi.ts';
import { H100, LOST_V100, modernCard, modernErrors, olderCard, smiLog, V100 } from './testing/nvidia-smi-texts.ts';
import { membersOf, processesOf, shell, startWorld, type World } from './testing/world.ts';

let world: World;
let agent: AgentProcess;
let tools: string;

const say = (answers: Readonly<Record<string, string>>, otherwise?: string) => fakeNvidiaSmi(tools, answers, otherwise);
const allWell = () => say({ '-q -x': smiLog(modernCard(), olderCard()) });
const startAgent = () =>
  world.startAgent({ BATON_JOB_PATH: `${tools}:${process.env['PATH'] ?? ''}`, BATON_DESCRIBE_MS: '50' });

beforeEach(async () => {
  world = await startWorld();
  tools = join(world.folder, 'tools');
  mkdirSync(tools);
  await allWell();
  agent = await startAgent();
  await faultOf(V100, undefined);
});
afterEach(() => world.stop());

const card = (id: string): Device => ({ id, kind: 'gpu', index: 0, model: 'x', memoryBytes: 1 });
const found = () => world.scheduler.node?.devices ?? [];

/** Until the scheduler has been told so. */
function faultOf(id: string, fault: string | undefined): Promise<void> {
  const isTold = () => found().some((device) => device.id === id && device.fault === fault);
  return eventually(isTold, `${id} is told to be ${fault ?? 'well'}`);
}

const LOST = 'it does not answer: GPU is lost.  Reboot the system to recover this GPU';

describe('a card that', () => {
  it('falls off the bus takes its job with it, is given to nobody, and is given again when it is well', async () => {
    const [here, there] = [
      shell('sleep 300', { devices: [card(V100)] }),
      shell('sleep 301', { devices: [card(H100)] }),
    ];
    const pool = [card(V100)];
    const next = shell('true', {
      devices: [],
      behind: { count: 1, pool, predecessors: [{ jobId: here.jobId, attempt: 1 }] },
    });
    world.scheduler.want(here, there, next);
    await Promise.all([world.scheduler.started(here), world.scheduler.started(there)]);
    await eventually(() => world.scheduler.of(next).some(({ type }) => type === 'staged'), 'the next one waits');
    await say({ '-q -x -i 0000:1b:00.0': smiLog(modernCard()) }, LOST_V100);
    const result = await world.scheduler.ended(here);
    expect(result).toMatchObject({
      reason: 'device-lost',
      message: expect.stringContaining(`${V100}: ${LOST}`) as string,
    });
    await faultOf(V100, LOST);
    expect(membersOf(world, here)).toEqual([]);
    expect(membersOf(world, there)).not.toEqual([]);
    const syncs = world.scheduler.syncs;
    await eventually(() => world.scheduler.syncs > syncs + 3, 'some looks later');
    expect(world.scheduler.of(next).map(({ type }) => type)).toEqual(['staged']);
    await allWell();
    expect(await world.scheduler.ended(next)).toMatchObject({ reason: 'exited', exitCode: 0 });
  });

  it('has an uncorrectable error ends what runs on it, and what is sent there before the scheduler knows', async () => {
    const running = shell('sleep 300', { devices: [card(H100)] });
    world.scheduler.want(running);
    await world.scheduler.started(running);
    const ill = modernCard({ elements: { ecc_errors: modernErrors({ dramUncorrectable: 2 }) } });
    await say({ '-q -x': smiLog(ill, olderCard()) });
    const fault = '2 uncorrectable ECC errors since the driver was loaded';
    expect((await world.scheduler.ended(running)).message).toContain(fault);
    const late = shell('echo ran', { devices: [card(H100)] });
    world.scheduler.want(late);
    expect(await world.scheduler.ended(late)).toMatchObject({ reason: 'device-lost', startedAt: null });
    const elsewhere = shell('true', { devices: [card(V100)] });
    world.scheduler.want(elsewhere);
    expect(await world.scheduler.ended(elsewhere)).toMatchObject({ reason: 'exited' });
  });

  it('falls out while no agent is there is found by the next one', async () => {
    const spec = shell('sleep 300', { devices: [card(H100)] });
    world.scheduler.want(spec);
    await world.scheduler.started(spec);
    await agent.kill();
    await say({ '-q -x': smiLog(modernCard({ elements: { gpu_recovery_action: 'GPU Reset' } }), olderCard()) });
    expect(processesOf(spec)).not.toEqual([]);
    agent = await startAgent();
    expect(await world.scheduler.ended(spec)).toMatchObject({ reason: 'device-lost' });
  });
});
