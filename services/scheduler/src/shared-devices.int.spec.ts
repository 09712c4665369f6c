// Jobs that share a device, as the scheduler service has it: the admin's word, who starts beside whom, and what agents are told.
import { type NodeView, type Rpc, schedulerRpc } from '@baton/contracts';
import type { Static, TSchema } from 'typebox';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aUser, by, NODE_ID, startWorld, type World } from './testing/world.ts';

const admin = aUser({ role: 'admin' });
const user = aUser();
const PATIENCE = { timeout: 60_000, interval: 30 };
const HALF = { resources: { cpuSlots: 0.5 } };

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.agent.sync();
});
afterAll(() => world.stop());

function ask<Q extends TSchema, R extends TSchema>(rpc: Rpc<Q, R>, body: Static<Q>, who = admin): Promise<Static<R>> {
  return world.gateway.call(rpc, by(who), body);
}
const submit = async (spec: Parameters<World['submit']>[1]) => (await world.submit(by(user), spec)).id;
const isIn = (id: string, state: string) =>
  vi.waitFor(async () => expect((await world.job(by(user), id)).state).toBe(state), PATIENCE);
const shown = (expected: Partial<NodeView>) =>
  vi.waitFor(
    async () => expect(await ask(schedulerRpc.getNode, { id: NODE_ID }, user)).toMatchObject(expected),
    PATIENCE,
  );
const started = async (id: string) => {
  await isIn(id, 'assigned');
  await world.agent.tell({ type: 'started', jobId: id, attempt: 1 });
};

describe('a node', () => {
  it('lets jobs share its devices by the word of an admin alone, within bounds', async () => {
    await expect(ask(schedulerRpc.shareNode, { id: NODE_ID, jobsPerDevice: 2 }, user)).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(ask(schedulerRpc.shareNode, { id: NODE_ID, jobsPerDevice: 21 })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await expect(ask(schedulerRpc.shareNode, { id: 'nowhere', jobsPerDevice: 2 })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('that nobody said it of lets none, and the refusal says so', async () => {
    await expect(submit(HALF)).rejects.toMatchObject({
      code: 'unsatisfiable',
      issues: [{ pointer: '/resources', detail: 'node box: it lets no jobs share a device' }],
    });
  });

  it('has two halves on one slot, then a whole job, and remembers all of it over a restart', async () => {
    await ask(schedulerRpc.shareNode, { id: 'box', jobsPerDevice: 3 });
    await shown({ jobsPerDevice: 3 });
    const [one, other] = [await submit(HALF), await submit(HALF)];
    for (const id of [one, other]) await started(id);
    const third = await submit(HALF);
    const whole = await submit({});
    await shown({
      devices: [
        expect.objectContaining({
          sharedBy: [
            { jobId: one, part: 0.5 },
            { jobId: other, part: 0.5 },
          ],
        }) as NodeView['devices'][number],
      ],
    });
    // That a device is taken, everybody sees; by which jobs, those who may read them.
    const [device] = (await ask(schedulerRpc.getNode, { id: NODE_ID }, aUser())).devices;
    expect(device).toMatchObject({ held: true, jobId: null });
    expect(device?.sharedBy).toEqual([
      { jobId: null, part: 0.5 },
      { jobId: null, part: 0.5 },
    ]);
    await world.restartScheduler();
    const desired = await world.agent.sync();
    expect(desired.attempts.map(({ jobId, devicePart }) => ({ jobId, devicePart }))).toEqual([
      { jobId: one, devicePart: 0.5 },
      { jobId: other, devicePart: 0.5 },
    ]);
    await vi.waitFor(async () => {
      const { state, waiting } = await world.job(by(user), third);
      expect({ state, waiting }).toMatchObject({
        state: 'queued',
        waiting: { code: 'devices-busy', heldBy: expect.arrayContaining([one, other]) as string[] },
      });
      expect(waiting?.message).toBe(
        'It waits for 0.5 of a device that jobs share; 2 running jobs hold what it could use.',
      );
    }, PATIENCE);
    await world.agent.tell(world.agent.ended(one, 1));
    await started(third);
    await isIn(whole, 'queued');
    // Whoever runs stays when the node lets no more share.
    await ask(schedulerRpc.shareNode, { id: NODE_ID, jobsPerDevice: 1 });
    await world.agent.tell(world.agent.ended(other, 1));
    await isIn(third, 'running');
    await isIn(whole, 'queued');
    await world.agent.tell(world.agent.ended(third, 1));
    await isIn(whole, 'assigned');
    await shown({ devices: [expect.not.objectContaining({ sharedBy: expect.anything() as unknown }) as never] });
    await shown({ devices: [expect.objectContaining({ held: true, jobId: whole }) as never] });
    const [ofAnother] = (await ask(schedulerRpc.listNodes, {}, aUser())).items;
    expect(ofAnother?.devices).toEqual([expect.objectContaining({ held: true, jobId: null })]);
    await world.agent.tell({ type: 'started', jobId: whole, attempt: 1 }, world.agent.ended(whole, 1));
    await shown({ devices: [expect.objectContaining({ held: false, jobId: null }) as never] });
  });
});

describe('what asks for a part', () => {
  it.each([
    [{ resources: { gpus: 0.33 } }, '/resources/gpus'],
    [{ resources: { gpus: 1.5 } }, '/resources/gpus'],
    [{ resources: { gpus: 0.001 } }, '/resources/gpus'],
    [{ resources: { cpuSlots: 0.999 } }, '/resources/cpuSlots'],
    [{ resources: { gpus: 1, cpuSlots: 0.5 } }, '/resources/cpuSlots'],
    [{ resources: { gpus: 0.5 }, nodes: 2 }, '/nodes'],
    [{ resources: { cpuSlots: 0.5 }, exclusive: true }, '/exclusive'],
  ])('is refused with a pointer where it is none: %j', async (spec, pointer) => {
    await expect(submit(spec)).rejects.toMatchObject({
      code: 'invalid_input',
      issues: [expect.objectContaining({ pointer })],
    });
  });
});
