// What is expected of jobs, how good that was, and what would have been, on a real nats-server.
import { forecastRpc, queueRpc, schedulerRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aUser, by, NODE_ID, startWorld, type World } from './testing/world.ts';

const RAN_MS = 120;
/** The thread of forecasts is started for the first of them, from its sources. */
const PATIENCE = { timeout: 60_000 };

let world: World;
const alice = aUser();
const asAlice = by(alice);
const bob = aUser();
const asBob = by(bob);
const asAdmin = by(aUser({ role: 'admin' }));
const stats = () => world.gateway.call(forecastRpc.stats, asAlice, {});
const why = (id: string) => world.gateway.call(queueRpc.why, asAlice, { id });

beforeAll(async () => {
  world = await startWorld();
  await world.agent.sync();
});
afterAll(() => world.stop());

/** What the node is to run now: the first in its line, too, once nothing else is there. */
async function next() {
  const found = await vi.waitUntil(async () => (await world.agent.sync()).attempts[0], { timeout: 60_000 });
  return { jobId: found.jobId, attempt: found.attempt };
}

async function start(key: { jobId: string; attempt: number }): Promise<number> {
  const startedAt = Date.now();
  await world.agent.tell({ type: 'started', ...key, at: startedAt, devices: ['cpu-0'] });
  return startedAt;
}

/** It starts, and has ended as soon as that is told; gives when it started. */
async function runOne(jobId: string): Promise<number> {
  const key = await next();
  expect(key.jobId).toBe(jobId);
  const startedAt = await start(key);
  await end(key, startedAt);
  return startedAt;
}

async function end(key: { jobId: string; attempt: number }, startedAt: number): Promise<void> {
  const ended = world.agent.ended(key.jobId, key.attempt);
  const result = { ...ended.result, startedAt, endedAt: startedAt + RAN_MS };
  await world.agent.tell({ ...ended, result, at: result.endedAt });
}

async function rangesOf(id: string) {
  const { expected } = await why(id);
  if (!expected?.start || !expected.end) return null;
  return { begins: expected.start, over: expected.end, runTime: expected.runTime };
}

describe('what is expected', () => {
  it('is learned from earlier runs, holds, is scored, and outlasts a restart', async () => {
    for (let index = 0; index < 4; index += 1) {
      const { id } = await world.submit(asAlice, { name: `nap-${index}` });
      await runOne(id);
    }
    const running = await world.submit(asAlice, { name: 'nap' });
    const key = await next();
    const startedAt = await start(key);
    const inLine = await world.submit(asAlice, { name: 'nap' });
    const queued = await world.submit(asAlice, { name: 'nap', class: 'normal' });
    const last = await world.submit(asAlice, { name: 'nap', hold: true });
    const { begins, over, runTime } = await vi.waitUntil(() => rangesOf(queued.id), PATIENCE);
    expect(runTime).toMatchObject({ basis: 'same-job', samples: 4 });
    expect(begins.low <= begins.median && begins.median <= over.median).toBe(true);
    expect((await why(last.id)).expected).toMatchObject({ start: null, code: 'held' });
    expect((await why(running.id)).expected).toMatchObject({ start: null, code: null });
    const view = await world.gateway.call(queueRpc.queue, asBob, {});
    expect(view.items.map(({ expected }) => expected?.runTime)).toEqual(view.items.map(() => null));
    const asPast = { ...asAlice, meta: { ...asAlice.meta, at: String(view.at) } };
    expect((await world.gateway.call(queueRpc.queue, asPast, {})).items[0]?.expected).toBeUndefined();

    await end(key, startedAt);
    const starts = [await runOne(inLine.id), await runOne(queued.id)];
    expect(starts[1]).toBeGreaterThanOrEqual(begins.low);
    // By runs of a tenth of a second, not by the day that a job without a limit may take.
    expect(begins.high - startedAt).toBeLessThan(60_000);
    await vi.waitFor(async () => expect((await stats()).jobs.running).toBe(0), { timeout: 60_000 });
    const before = await stats();
    expect(before.forecasts.runTime.jobs).toBeGreaterThanOrEqual(3);
    await world.restartScheduler();
    await world.agent.sync();
    expect((await stats()).forecasts).toEqual(before.forecasts);
  });

  it('is recorded with the assignment of a job that had to wait', async () => {
    const first = await world.submit(asAlice, { name: 'other' });
    const key = await next();
    const startedAt = await start(key);
    const waiting = [];
    for (let index = 0; index < 8; index += 1) waiting.push((await world.submit(asAlice, { name: 'other' })).id);
    // The line of a node is short: the last of them stays in the queue, and is told of.
    const last = waiting.at(-1) ?? '';
    await vi.waitUntil(async () => (await why(last)).expected?.start, PATIENCE);
    expect(key.jobId).toBe(first.id);
    await end(key, startedAt);
    for (const id of waiting) await runOne(id);
    const { items } = await world.gateway.call(schedulerRpc.jobEvents, asAlice, { id: last });
    const assigned = items.flatMap(({ events }) => events).find(({ type }) => type === 'JobAssigned');
    expect(assigned?.data).toHaveProperty('forecast.start.median');
    expect((await stats()).forecasts.start.jobs).toBeGreaterThan(0);
  });
});

describe('a replay of the log', () => {
  it('shows admins each user, others themselves, and what another node would have changed', async () => {
    const { id } = await world.submit(asBob, { name: 'bobs' });
    await runOne(id);
    const all = await world.gateway.call(forecastRpc.whatIf, asAdmin, { addNodes: 3 });
    expect(all).toMatchObject({ devices: 1, added: { nodes: 3, like: 'box', devices: 1 } });
    expect(all.users.map(({ userId }) => userId).toSorted()).toEqual([alice.userId, bob.userId].toSorted());
    expect(all.totals.jobs).toBe(all.users.reduce((sum, { jobs }) => sum + jobs, 0));
    expect(all.totals.whatIf?.mean).toBeLessThan(all.totals.replayed.mean);
    const own = await world.gateway.call(forecastRpc.whatIf, asBob, {});
    expect(own.users.map(({ userId }) => userId)).toEqual([bob.userId]);
    expect(own.totals).toMatchObject({ jobs: all.totals.jobs, whatIf: null });
    const fifo = { policy: { order: 'fifo', backfill: { enabled: false } } } as const;
    expect((await world.gateway.call(forecastRpc.whatIf, asAdmin, fifo)).totals.whatIf).not.toBeNull();
  });

  it.each([
    ['of a policy that contradicts itself', { policy: { defaultClass: 'none' } }],
    ['of a time ahead', { since: 9e15 }],
    ['with more nodes like one that is not there', { addNodes: 1, like: 'nowhere' }],
  ])('is refused %s', async (_what, question) => {
    const answer = world.gateway.call(forecastRpc.whatIf, asAdmin, question);
    await expect(answer).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

it('a list of jobs on a node has those with a part on it', async () => {
  for (const node of [NODE_ID, 'box'])
    expect((await world.gateway.call(schedulerRpc.listJobs, asAlice, { node })).items.length).toBeGreaterThan(5);
  for (const node of ['nowhere', 'a b.c"'])
    expect((await world.gateway.call(schedulerRpc.listJobs, asAlice, { node })).items).toEqual([]);
});
