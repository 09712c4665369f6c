// The ledger on a real log: exact after a rebuild, open to all, and silent about other people's jobs.
import { type GapsView, schedulerRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aUser, by, NODE_ID, startWorld, VISION, type World } from './testing/world.ts';

let world: World;
const alice = aUser();
const asAlice = by(alice);

beforeAll(async () => {
  world = await startWorld();
  world.agent.slots = { cpu: 2, gpu: 0 };
  await world.agent.sync();
});
afterAll(() => world.stop());

const ask = (context = asAlice, query: Record<string, unknown> = {}) =>
  world.gateway.call(schedulerRpc.gaps, context, query);

function checkSums({ since, until, devices, totals }: GapsView): void {
  const sum = (values: Record<string, number>) => Object.values(values).reduce((total, each) => total + each, 0);
  for (const { fromUs, toUs, totals: own, intervals } of devices) {
    expect(sum(own)).toBe(toUs - fromUs);
    expect(toUs).toBe(until * 1_000);
    expect(fromUs).toBeGreaterThanOrEqual(since * 1_000);
    expect(intervals.map((interval) => interval.fromUs)).toEqual([
      fromUs,
      ...intervals.slice(0, -1).map((interval) => interval.toUs),
    ]);
  }
  expect(sum(totals)).toBe(devices.reduce((total, { fromUs, toUs }) => total + toUs - fromUs, 0));
}

/** Runs for `ranMs` by the agent's clock, as told in one go. */
async function ran(spec: Parameters<World['submit']>[1], ranMs: number, context = asAlice): Promise<string> {
  const { id } = await world.submit(context, spec);
  await vi.waitFor(() => expect(world.agent.pushed.at(-1)?.attempts.some(({ jobId }) => jobId === id)).toBe(true), {
    timeout: 60_000,
  });
  const startedAt = Date.now() + 1;
  const key = { jobId: id, attempt: 1 };
  await world.agent.tell({ type: 'starting', ...key }, { type: 'started', ...key, at: startedAt });
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(startedAt + ranMs), { timeout: 60_000 });
  const { result, ...ended } = world.agent.ended(id, 1);
  const endedAt = startedAt + ranMs;
  await world.agent.tell(
    { type: 'released', ...key, at: endedAt },
    { ...ended, result: { ...result, startedAt, endedAt } },
  );
  return id;
}

async function costOf(id: string, context = asAlice): Promise<{ heldUs: number; runningUs: number }> {
  return vi.waitFor(
    async () => {
      const view = await ask(context);
      checkSums(view);
      const cost = view.costs.jobs.find(({ jobId }) => jobId === id);
      if (!cost || cost.runningUs === 0) throw new Error('not yet');
      return cost;
    },
    { timeout: 60_000 },
  );
}

describe('the idle-gap ledger', () => {
  it('gives a job exactly the time that its agent told, and sums to the wall time', async () => {
    const id = await ran({ name: 'mine' }, 40);
    await vi.waitFor(async () => expect((await costOf(id)).runningUs).toBe(40_000), { timeout: 60_000 });
    const view = await ask();
    expect(view.devices.map(({ nodeName, device }) => `${nodeName} ${device}`)).toEqual(['box cpu-0', 'box cpu-1']);
    const intervals = view.devices.flatMap((device) => device.intervals);
    expect(intervals.filter(({ category }) => category === 'running')).toMatchObject([
      { job: { id, attempt: 1, name: 'mine', ownerId: alice.userId } },
    ]);
    expect(view.costs).toMatchObject({ users: [{ userId: alice.userId }], others: { heldUs: 0 } });
  });

  it('tells others that a job ran, and not which', async () => {
    const id = await ran({ name: 'secret' }, 20);
    await costOf(id);
    const bob = by(aUser());
    const view = await ask(bob);
    checkSums(view);
    expect(view.totals.running).toBeGreaterThanOrEqual(60_000);
    expect(view.costs).toMatchObject({ jobs: [], users: [], groups: [] });
    expect(view.costs.others.runningUs).toBe(view.totals.running);
    const jobs = view.devices.flatMap((device) =>
      device.intervals.flatMap(({ job }) => (job === undefined ? [] : [job])),
    );
    expect(new Set(jobs)).toEqual(new Set([null]));
    expect(JSON.stringify(view)).not.toMatch(/secret|mine|job_|usr_/);
  });

  it('names the jobs of one user only, if asked', async () => {
    const bob = aUser();
    const id = await ran({ visibility: 'everyone' }, 10, by(bob));
    await costOf(id, by(bob));
    const { costs } = await ask(asAlice, { user: bob.userId });
    expect(costs.jobs.map(({ jobId }) => jobId)).toEqual([id]);
    expect(costs.others.heldUs).toBeGreaterThan(0);
    expect((await ask(by(bob), { user: 'me' })).costs.users).toMatchObject([{ userId: bob.userId }]);
  });

  it('adds up what the jobs of a group had, for those in it', async () => {
    const [one, other] = [aUser({ groups: [VISION.id] }), aUser({ groups: [VISION.id] })];
    const before = (await ask(by(one))).costs.groups;
    const ids = [
      await ran({ group: VISION.name }, 10, by(one)),
      await ran({ group: VISION.name }, 30, by(other)),
      await ran({}, 20, by(other)),
    ];
    for (const [index, id] of ids.entries()) await costOf(id, by(index === 0 ? one : other));
    const { costs } = await ask(by(one));
    const [first, second] = ids.map((id) => costs.jobs.find(({ jobId }) => jobId === id));
    expect([first?.runningUs, second?.runningUs]).toEqual([10_000, 30_000]);
    expect([before, costs.groups]).toEqual([
      [],
      [{ groupId: VISION.id, runningUs: 40_000, heldUs: (first?.heldUs ?? 0) + (second?.heldUs ?? 0) }],
    ]);
    expect((await ask(by(other))).costs.users.find(({ userId }) => userId === other.userId)?.runningUs).toBe(50_000);
    expect((await ask()).costs.groups).toEqual([]);
  });

  it('answers the same after its read models were lost', async () => {
    const { since, until, totals, costs } = await ask();
    await world.restartScheduler({ dropReadStore: true });
    await world.agent.sync();
    expect(await ask(asAlice, { since, until })).toMatchObject({ totals, costs });
  });

  it('notes how long nobody led; what ran has run all the same', async () => {
    const { totals, costs } = await ask();
    await world.nats.kill();
    const killedAt = Date.now();
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(killedAt + 2_500), { timeout: 60_000 });
    await world.nats.restart();
    await world.restartScheduler();
    await vi.waitFor(
      async () => {
        await world.agent.sync();
        const view = await ask();
        checkSums(view);
        expect(view.totals['platform-down']).toBeGreaterThan(2 * 2_500_000);
        expect(view).toMatchObject({ totals: { running: totals.running, starting: totals.starting }, costs });
      },
      { timeout: 60_000, interval: 100 },
    );
  });

  it('refuses an empty time and a node that is not there', async () => {
    const now = Date.now();
    await expect(ask(asAlice, { since: now + 60_000 })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(ask(asAlice, { since: 10, until: 10 })).rejects.toMatchObject({ issues: [{ pointer: '/since' }] });
    await expect(ask(asAlice, { node: 'nowhere' })).rejects.toMatchObject({ code: 'not_found' });
    expect((await ask(asAlice, { node: NODE_ID })).devices).toHaveLength(2);
    expect((await ask(asAlice, { node: 'box', since: 1, until: 2 })).devices).toEqual([]);
  });
});
