// Jobs that may not start yet, on a real nats-server: held, too early, after others, in arrays; also over a restart.
import { type JobSpec, schedulerRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aUser, by, startWorld, type World } from './testing/world.ts';

let world: World;
const alice = aUser();
const asAlice = by(alice);
const asBob = by(aUser());

beforeAll(async () => {
  world = await startWorld();
  world.agent.slots = { cpu: 4, gpu: 0 };
  await world.agent.sync();
});
afterAll(() => world.stop());

const desired = async () => (await world.agent.sync()).attempts;
const running = async () => (await desired()).map(({ jobId }) => jobId);
const waiting = async (id: string) => (await world.job(asAlice, id)).waiting;
const list = async (array: string) =>
  (await world.gateway.call(schedulerRpc.listJobs, asAlice, { array, limit: 1_000, sort: 'createdAt' })).items;
const submit = (spec: Partial<JobSpec>, key?: string) =>
  world.gateway.call(schedulerRpc.submit, key === undefined ? asAlice : by(alice, { idempotencyKey: key }), {
    command: ['true'],
    ...spec,
  });
/** Until nothing of it runs. */
async function end(id: string, exitCode = 0): Promise<void> {
  const attempt = await vi.waitFor(
    async () => {
      const found = (await desired()).find(({ jobId }) => jobId === id);
      expect(found).toBeDefined();
      return found?.attempt ?? 0;
    },
    { timeout: 60_000 },
  );
  await world.agent.tell({ type: 'started', jobId: id, attempt }, world.agent.ended(id, attempt, exitCode));
}

describe('a job that is held', () => {
  it('starts when its owner releases it, and not before, also over a restart', async () => {
    const { id } = await submit({ hold: true });
    expect(await world.job(asAlice, id)).toMatchObject({ flags: { held: true }, waiting: { code: 'held' } });
    await world.restartScheduler();
    expect(await running()).not.toContain(id);
    expect((await waiting(id))?.code).toBe('held');
    await world.gateway.call(schedulerRpc.release, asAlice, { id });
    await vi.waitFor(async () => expect(await running()).toContain(id), { timeout: 60_000 });
    await expect(world.gateway.call(schedulerRpc.hold, asAlice, { id })).rejects.toMatchObject({ code: 'conflict' });
    await end(id);
  });

  it("is nobody else's to hold or release", async () => {
    const { id, revision } = await submit({ hold: true, visibility: 'everyone' });
    await world.job(asAlice, id, revision);
    await expect(world.gateway.call(schedulerRpc.release, asBob, { id })).rejects.toMatchObject({ code: 'forbidden' });
    const { id: secret } = await submit({ hold: true });
    await expect(world.gateway.call(schedulerRpc.release, asBob, { id: secret })).rejects.toMatchObject({
      code: 'not_found',
    });
    for (const held of [id, secret]) await world.gateway.call(schedulerRpc.cancel, asAlice, { id: held });
  });
});

it('begins a job at its time', async () => {
  const { id } = await submit({ begin: 1.5 });
  expect((await waiting(id))?.code).toBe('begin-later');
  await vi.waitFor(async () => expect(await running()).toContain(id), { timeout: 60_000 });
  await end(id);
});

it('names of the jobs that hold what it waits for only those that who asks may read', async () => {
  const cluster = Array.from({ length: 4 }, () => submit({ command: ['sleep', '60'] }));
  const holding = (await Promise.all(cluster)).map(({ id }) => id);
  const open = await submit({ visibility: 'everyone' });
  const after = await submit({
    visibility: 'everyone',
    after: [{ job: open.id }, { job: holding[0] ?? '', when: 'end' }],
  });
  for (const [id, all, his] of [
    [open.id, holding, []],
    [after.id, [holding[0], open.id], [open.id]],
  ] as const) {
    expect(new Set((await waiting(id))?.heldBy)).toEqual(new Set(all));
    const seen = await world.job(asBob, id);
    expect(seen.waiting?.heldBy).toEqual(his);
    const { items } = await world.gateway.call(schedulerRpc.listJobs, asBob, { limit: 1_000 });
    expect(items.find((item) => item.id === id)?.waiting).toEqual(seen.waiting);
  }
  for (const id of [...holding, open.id, after.id]) await end(id);
});

describe('a job after others', () => {
  it('starts when they have ended as it says, also those that ended before, also over a restart', async () => {
    const first = await submit({});
    const second = await submit({ after: [{ job: first.id }] });
    const third = await submit({ after: [{ job: first.id }, { job: second.id, when: 'end' }] });
    expect(await waiting(third.id)).toMatchObject({ code: 'waiting-for-job', heldBy: [first.id, second.id] });
    await end(first.id);
    await world.restartScheduler();
    await end(second.id, 1);
    await world.restartScheduler();
    await end(third.id);
    const late = await submit({ after: [{ job: second.id, when: 'failure' }] });
    await end(late.id);
    expect((await world.job(asAlice, late.id, 4)).state).toBe('succeeded');
  });

  it('is cancelled when it can never start, and so are those after it; the reason names the job', async () => {
    const first = await submit({});
    const second = await submit({ after: [{ job: first.id }] });
    const third = await submit({ after: [{ job: second.id }] });
    await end(first.id, 1);
    await vi.waitFor(async () => expect((await world.job(asAlice, third.id)).state).toBe('cancelled'), {
      timeout: 60_000,
    });
    expect(await world.job(asAlice, second.id)).toMatchObject({
      state: 'cancelled',
      message: `It waited for the success of job ${first.id}, which has failed.`,
    });
    const late = await submit({ after: [{ job: first.id }] });
    await vi.waitFor(async () => expect((await world.job(asAlice, late.id)).state).toBe('cancelled'), {
      timeout: 60_000,
    });
  });

  it('may name only jobs that its owner may read, and never itself', async () => {
    const secret = await world.gateway.call(schedulerRpc.submit, asBob, { command: ['true'], hold: true });
    const refused = { code: 'invalid_input', issues: [{ pointer: '/after/0/job' }] };
    await expect(submit({ after: [{ job: secret.id }] })).rejects.toMatchObject(refused);
    await expect(submit({ after: [{ job: `job_${'z'.repeat(26)}` }] })).rejects.toMatchObject(refused);
    const { id } = await submit({ hold: true, command: ['first'] }, 'a key');
    await expect(submit({ after: [{ job: id }] }, 'a key')).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await world.gateway.call(schedulerRpc.cancel, asBob, { id: secret.id });
    await world.gateway.call(schedulerRpc.cancel, asAlice, { id });
  });
});

describe('an array', () => {
  it('runs as many jobs at once as it says, each with its own index and value, also over a restart', async () => {
    const { id, array } = await submit({ array: { values: ['x', 'y', 'z'], parallel: 2 } }, 'three');
    const arrayId = array?.id ?? '';
    expect(await submit({ array: { values: ['x', 'y', 'z'], parallel: 2 } }, 'three')).toEqual({
      id,
      revision: 1,
      array,
    });
    await vi.waitFor(async () => expect(await list(arrayId)).toHaveLength(3), { timeout: 60_000 });
    const [first, second, third] = (await list(arrayId)).toSorted(
      (a, b) => (a.array?.index ?? 0) - (b.array?.index ?? 0),
    );
    expect(first?.id).toBe(id);
    await vi.waitFor(async () => expect(await running()).toEqual([first?.id, second?.id]), { timeout: 60_000 });
    expect((await desired()).map(({ env }) => [env['BATON_ARRAY_INDEX'], env['BATON_ARRAY_VALUE']])).toEqual([
      ['0', 'x'],
      ['1', 'y'],
    ]);
    expect(await waiting(third?.id ?? '')).toMatchObject({ code: 'array-limit' });
    await world.restartScheduler();
    expect(await running()).toEqual([first?.id, second?.id]);
    await end(id, 1);
    await vi.waitFor(async () => expect(await running()).toEqual([second?.id, third?.id]), { timeout: 60_000 });
    expect(await world.gateway.call(schedulerRpc.cancel, asAlice, { id: arrayId })).toMatchObject({
      id: arrayId,
      jobs: 2,
    });
    for (const job of [second, third]) await end(job?.id ?? '', 143);
    await vi.waitFor(
      async () =>
        expect((await list(arrayId)).map(({ state }) => state).toSorted()).toEqual([
          'cancelled',
          'cancelled',
          'failed',
        ]),
      { timeout: 60_000 },
    );
    await expect(world.gateway.call(schedulerRpc.cancel, asAlice, { id: arrayId })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it("is nobody's who may not read its jobs, and there is none of another id", async () => {
    const { array } = await submit({ array: { count: 2 }, hold: true });
    for (const id of [array?.id ?? '', `arr_${'z'.repeat(26)}`])
      await expect(world.gateway.call(schedulerRpc.cancel, asBob, { id })).rejects.toMatchObject({ code: 'not_found' });
    expect(await world.gateway.call(schedulerRpc.cancel, asAlice, { id: array?.id ?? '' })).toMatchObject({ jobs: 2 });
  });

  it('of a thousand is taken in one request, and lets one in that waits for all of it', async () => {
    const count = 1_000;
    const { array } = await submit({ array: { count }, begin: '1h' });
    const { id } = await submit({ after: [{ job: array?.id ?? '', when: 'end' }] });
    expect(await waiting(id)).toMatchObject({ code: 'waiting-for-job', heldBy: [array?.id] });
    const cancelled = await world.gateway.call(schedulerRpc.cancel, asAlice, { id: array?.id ?? '' });
    expect(cancelled).toMatchObject({ jobs: count });
    await end(id);
  });

  it('of a million is refused with the limit', async () => {
    await expect(submit({ array: { count: 1_000_000 } })).rejects.toMatchObject({
      code: 'invalid_input',
      issues: [{ pointer: '/array/count', detail: expect.stringContaining('10000') as unknown }],
    });
  });
});
