// Retention on a real nats-server: what is thrown away of the streams, and what an interrupted sweep has left.
import { LOGS_STREAM, policyRpc, retentionRpc, STREAM_SUBJECTS, subjects } from '@baton/contracts';
import { commandHandler, openJetStreamEventStore } from '@baton/event-store';
import { connectBus } from '@baton/messaging';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { retentionDecider } from './domain/retention.commands.ts';
import { retentionId } from './domain/retention.ts';
import { aUser, by, NODE_ID, startWorld, type World } from './testing/world.ts';

let world: World;
const admin = aUser({ role: 'admin' });

beforeAll(async () => {
  world = await startWorld();
  await world.agent.sync();
});
afterAll(() => world?.stop());

async function operator() {
  const credentials = { user: 'operator', password: 'pass-operator' };
  return connectBus({ url: world.nats.url, role: 'operator', credentials });
}

async function endedJob(context = by(admin)): Promise<string> {
  const { id } = await world.submit(context, {});
  await expect.poll(async () => (await world.job(context, id)).state).toBe('assigned');
  await world.agent.tell({ type: 'started', jobId: id, attempt: 1 }, world.agent.ended(id, 1));
  return id;
}

async function sweep(dryRun = false) {
  return world.gateway.call(retentionRpc.sweep, by(admin), { dryRun });
}

it('throws away the chunks of jobs that have had their time, and goes on with what an earlier sweep was cut short of', async () => {
  const bus = await operator();
  const api = async <T>(operation: string, body: object): Promise<T> =>
    (await bus.connection.request(`$JS.API.STREAM.${operation}.${LOGS_STREAM}`, JSON.stringify(body))).json<T>();
  await api('CREATE', {
    name: LOGS_STREAM,
    subjects: STREAM_SUBJECTS[LOGS_STREAM],
    storage: 'file',
    deny_delete: true,
  });
  const chunksOf = async (job: string) => {
    const filter = { subjects_filter: subjects.logsOfJob(job) };
    const { state } = await api<{ state: { subjects?: Record<string, number> } }>('INFO', filter);
    return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
  };
  const old = await endedJob();
  const { id: waiting } = await world.submit(by(admin), { hold: true });
  const half = await endedJob();
  for (const job of [old, half, waiting])
    await bus.connection.request(subjects.log(NODE_ID, job, 1, 'stdout'), 'a line\n');

  await expect(world.gateway.call(retentionRpc.sweep, by(aUser()), {})).rejects.toMatchObject({ code: 'forbidden' });
  expect(await sweep()).toMatchObject({ count: 0, items: [] });
  // What a sweep that was killed after the event has left: readers are told, the chunks are there.
  await remove(bus.connection, half);
  await expect.poll(async () => (await world.job(by(admin), half)).removed).toEqual({ output: 7 });
  expect(await chunksOf(half)).toBe(1);

  await world.gateway.call(policyRpc.apply, by(admin), { policy: { retention: { output: { keepFor: '1s' } } } });
  await expect.poll(async () => (await sweep(true)).items.map(({ jobId }) => jobId)).toEqual([old]);
  expect(await chunksOf(old)).toBe(1);
  await sweep();
  await expect.poll(() => Promise.all([old, half].map(chunksOf))).toEqual([0, 0]);
  expect(await chunksOf(waiting)).toBe(1);
  await expect.poll(async () => await sweep(true)).toMatchObject({ count: 0, pending: 0 });
  expect((await world.job(by(admin), old)).removed?.output).toBeGreaterThan(0);
  expect((await world.job(by(admin), waiting)).removed).toBeUndefined();
  await bus.close();
});

async function remove(connection: Awaited<ReturnType<typeof operator>>['connection'], jobId: string): Promise<void> {
  const store = await openJetStreamEventStore({ connection, stream: 'EVENTS', syncAlways: true, hasRoom: () => true });
  const options = {
    store,
    decider: retentionDecider,
    aggregate: 'retention',
    now: () => 7,
    newId: randomUUID,
  } as const;
  const command = { type: 'Remove', jobId, what: 'output', reason: 'age', sizeBytes: 0, at: 7 } as const;
  const context = { commandId: randomUUID(), requestHash: '', principal: admin, correlationId: 'test' };
  await commandHandler(options).execute(retentionId(jobId), command, context);
}
