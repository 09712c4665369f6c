// The scheduler on a real nats-server with its own permissions only: jobs follow one another, and nothing is lost.
import { isFinal, queueRpc, schedulerRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aUser, by, NODE_ID, startWorld, VISION, type World } from './testing/world.ts';

let world: World;
const alice = aUser();
const asAlice = by(alice);

beforeAll(async () => {
  world = await startWorld();
  await world.agent.sync();
});
afterAll(() => world.stop());

/** Lets whatever still runs or waits end, so that each test begins with an idle node. */
async function drain(): Promise<void> {
  const asAdmin = by(aUser({ role: 'admin' }));
  await vi.waitFor(
    async () => {
      const { items } = await world.gateway.call(schedulerRpc.listJobs, asAdmin, { limit: 1_000 });
      // The list may be a moment behind: every job must be in it before it can say that none is left.
      expect(items.length).toBe(world.submitted.size);
      const active = items.filter((job) => !isFinal(job.state));
      for (const { id } of active)
        await world.gateway.call(schedulerRpc.cancel, asAdmin, { id }).catch(() => undefined);
      for (const { jobId, attempt } of (await world.agent.sync()).attempts) {
        await world.agent.tell(world.agent.ended(jobId, attempt, 1));
      }
      expect(active).toEqual([]);
    },
    { timeout: 60_000, interval: 30 },
  );
}
const pushed = () => world.agent.pushed.at(-1)?.attempts ?? [];
const pushedJobs = () => pushed().map((attempt) => attempt.jobId);
/** Those that have their devices. */
const startedJobs = () => pushed().flatMap(({ jobId, behind }) => (behind === null ? [jobId] : []));

describe('the scheduler', () => {
  it('assigns the first job at once and the next behind it, to start without another word', async () => {
    const first = await world.submit(asAlice, {});
    const second = await world.submit(asAlice, {});
    const ahead = [{ jobId: first.id, attempt: 1 }];
    await vi.waitFor(
      () =>
        expect(pushed()).toMatchObject([
          { jobId: first.id, behind: null },
          { jobId: second.id, behind: { count: 1, pool: [{ id: 'cpu-0' }], predecessors: ahead } },
        ]),
      { timeout: 60_000 },
    );
    expect(await world.job(asAlice, second.id, 2)).toMatchObject({
      state: 'assigned',
      waiting: { code: 'staged-behind', position: 1, heldBy: [first.id] },
    });
    await world.agent.tell({ type: 'staged', jobId: second.id, attempt: 1 });
    expect(await world.job(asAlice, second.id, 3)).toMatchObject({ state: 'assigned', flags: { staged: true } });
    await world.agent.tell(
      { type: 'starting', jobId: first.id, attempt: 1 },
      { type: 'started', jobId: first.id, attempt: 1 },
    );
    expect(await world.job(asAlice, first.id, 4)).toMatchObject({
      state: 'running',
      attempts: [{ attempt: 1, nodeName: 'box', devices: ['cpu-0'] }],
    });
    await world.agent.tell(
      { type: 'released', jobId: first.id, attempt: 1 },
      { type: 'started', jobId: second.id, attempt: 1, devices: ['cpu-0'] },
      world.agent.ended(first.id, 1),
    );
    expect(await world.job(asAlice, first.id, 6)).toMatchObject({ state: 'succeeded', waiting: null });
    expect(await world.job(asAlice, second.id, 4)).toMatchObject({
      state: 'running',
      flags: { staged: false },
      waiting: null,
      attempts: [{ devices: ['cpu-0'] }],
    });
    await drain();
  });

  it('says what is being put in place for a job that has its devices, for as long as its agent says so', async () => {
    await drain();
    const { id } = await world.submit(asAlice, {});
    await vi.waitFor(() => expect(startedJobs()).toContain(id), { timeout: 60_000 });
    await world.agent.tell({ type: 'starting', jobId: id, attempt: 1 });
    const phase = { jobId: id, attempt: 1, phase: 'starting' };
    world.agent.held = [{ ...phase, progress: 'dataset digits 43 %' }];
    await world.agent.sync();
    const message = 'Staging: dataset digits 43 %.';
    expect(await world.job(asAlice, id, 3)).toMatchObject({ state: 'starting', waiting: { code: 'staging', message } });
    expect(await world.gateway.call(queueRpc.why, asAlice, { id })).toMatchObject({
      code: null,
      message: `It does not wait: it is starting. ${message}`,
    });
    world.agent.held = [phase];
    await world.agent.sync();
    expect(await world.job(asAlice, id, 3)).toMatchObject({ state: 'starting', waiting: null });
    world.agent.held = [];
    await drain();
  });

  it('gives a device that is free again to nobody while the one that waits for it may have taken it', async () => {
    const first = await world.submit(asAlice, {});
    const second = await world.submit(asAlice, {});
    await vi.waitFor(() => expect(pushedJobs()).toEqual([first.id, second.id]), { timeout: 60_000 });
    await world.agent.tell({ type: 'started', jobId: first.id, attempt: 1 }, world.agent.ended(first.id, 1));
    const third = await world.submit(asAlice, {});
    await vi.waitFor(() => expect(pushedJobs()).toEqual([second.id, third.id]), { timeout: 60_000 });
    expect(startedJobs()).toEqual([]);
    await drain();
  });

  it('queues a job again that its agent gave back, in its old place and with another attempt', async () => {
    const first = await world.submit(asAlice, {});
    const second = await world.submit(asAlice, {});
    await vi.waitFor(() => expect(pushedJobs()).toEqual([first.id, second.id]), { timeout: 60_000 });
    await world.agent.tell({ type: 'revoked', jobId: second.id, attempt: 1 });
    await vi.waitFor(() => expect(pushed()).toMatchObject([{ jobId: first.id }, { jobId: second.id, attempt: 2 }]), {
      timeout: 60_000,
    });
    await drain();
  });

  it('answers a repeated submission with the first answer, and refuses another body under the same key', async () => {
    const keyed = by(alice, { idempotencyKey: 'once' });
    const [one, two] = await Promise.all([
      world.submit(keyed, { name: 'once' }),
      world.submit(keyed, { name: 'once' }),
    ]);
    expect(two).toEqual(one);
    expect(await world.submit(keyed, { name: 'once' })).toEqual(one);
    await expect(world.submit(keyed, { name: 'other' })).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await drain();
    expect(await world.submit(keyed, { name: 'once' })).toEqual(one);
  });

  it('gives a job to a group by its name, keeps the id in the log, and knows no group that the caller is not in', async () => {
    const member = aUser({ groups: [VISION.id] });
    const { id } = await world.submit(by(member), { group: VISION.name });
    const shared = { groupId: VISION.id, visibility: 'group', ownerId: member.userId };
    expect(await world.job(by(aUser({ groups: [VISION.id] })), id)).toMatchObject(shared);
    await expect(world.job(asAlice, id)).rejects.toMatchObject({ code: 'not_found' });
    const { items } = await world.gateway.call(schedulerRpc.jobEvents, by(member), { id });
    expect(items[0]?.events[0]).toMatchObject({ type: 'JobSubmitted', data: shared });
    for (const group of [VISION.name, 'nothing'])
      await expect(world.submit(asAlice, { group })).rejects.toMatchObject({ code: 'not_found' });
    await drain();
  });

  it('shows a job to the very next read after its submission', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, async () => (await world.submit(asAlice, {})).id));
    const jobs = await Promise.all(ids.map((id) => world.job(asAlice, id)));
    expect(jobs.map((job) => job.id)).toEqual(ids);
    await drain();
  });

  it('refuses a job that no node can ever hold, with what each node lacks', async () => {
    await expect(world.submit(asAlice, { resources: { gpus: 4 } })).rejects.toMatchObject({
      code: 'unsatisfiable',
      message: expect.stringContaining('box: it has 0 GPUs, 4 asked') as string,
    });
  });

  it('refuses a job with an image where no node runs containers', async () => {
    await expect(world.submit(asAlice, { environment: { image: 'torch:2' } })).rejects.toMatchObject({
      code: 'unsatisfiable',
      message: expect.stringContaining('box: it runs no containers') as string,
    });
  });

  it('refuses unknown fields and wrong types with their pointers', async () => {
    const wrong = { command: 'true', gpus: 3 } as never;
    await expect(world.gateway.call(schedulerRpc.submit, asAlice, wrong)).rejects.toMatchObject({
      code: 'invalid_input',
      issues: expect.arrayContaining([
        expect.objectContaining({ pointer: '/gpus' }),
        expect.objectContaining({ pointer: '/command' }),
      ]) as unknown,
    });
  });

  it('cancels a queued job at once and a placed one through its agent', async () => {
    const running = await world.submit(asAlice, {});
    await world.submit(asAlice, {});
    await world.submit(asAlice, {});
    const queued = await world.submit(asAlice, {});
    await vi.waitFor(() => expect(startedJobs()).toEqual([running.id]), { timeout: 60_000 });
    const cancelled = await world.gateway.call(schedulerRpc.cancel, asAlice, { id: queued.id });
    expect((await world.job(asAlice, queued.id, cancelled.revision)).state).toBe('cancelled');
    await world.gateway.call(schedulerRpc.cancel, asAlice, { id: running.id });
    await vi.waitFor(() => expect(pushed()[0]).toMatchObject({ jobId: running.id, want: 'stop' }), { timeout: 60_000 });
    expect((await world.job(asAlice, running.id, 3)).state).toBe('stopping');
    await world.agent.tell(world.agent.ended(running.id, 1, 143));
    expect((await world.job(asAlice, running.id, 4)).state).toBe('cancelled');
    await expect(world.gateway.call(schedulerRpc.cancel, asAlice, { id: running.id })).rejects.toMatchObject({
      code: 'conflict',
    });
    await drain();
  });

  it("tells nobody of somebody else's private jobs, and lets only owner and admin cancel a public one", async () => {
    const bob = by(aUser());
    const secret = await world.submit(asAlice, {});
    const open = await world.submit(asAlice, { visibility: 'everyone' });
    await world.job(asAlice, open.id, open.revision);
    await expect(world.job(bob, secret.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(world.gateway.call(schedulerRpc.cancel, bob, { id: secret.id })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(world.gateway.call(schedulerRpc.cancel, bob, { id: open.id })).rejects.toMatchObject({
      code: 'forbidden',
    });
    const seen = await world.gateway.call(schedulerRpc.listJobs, bob, { owner: alice.userId });
    expect(seen.items.map((job) => job.id)).toEqual([open.id]);
    await drain();
  });

  it('gives secrets and a job token for an attempt of that node only', async () => {
    const job = await world.submit(asAlice, { secrets: ['KEY'] });
    await vi.waitFor(() => expect(pushedJobs()).toEqual([job.id]), { timeout: 60_000 });
    expect(await world.agent.secrets(job.id, 1)).toEqual({ values: { KEY: 'value' }, token: `token of ${job.id}` });
    await expect(world.agent.secrets(job.id, 2)).rejects.toMatchObject({ code: 'not_found' });
    await expect(world.submit(asAlice, { secrets: ['OTHER'] })).rejects.toMatchObject({
      code: 'invalid_input',
      issues: [{ pointer: '/secrets/0' }],
    });
    await drain();
  });

  it('queues a failed job again while it has retries, and reruns a finished one', async () => {
    const job = await world.submit(asAlice, { retries: 1 });
    await vi.waitFor(() => expect(pushedJobs()).toEqual([job.id]), { timeout: 60_000 });
    await world.agent.tell(world.agent.ended(job.id, 1, 1));
    expect(await world.job(asAlice, job.id, 3)).toMatchObject({
      state: 'queued',
      waiting: { code: 'retry-backoff' },
      counters: { userFailures: 1 },
    });
    await vi.waitFor(() => expect(world.agent.pushed.at(-1)?.attempts).toMatchObject([{ jobId: job.id, attempt: 2 }]), {
      timeout: 60_000,
    });
    await world.agent.tell(world.agent.ended(job.id, 2, 1));
    const failed = await world.job(asAlice, job.id, 5);
    expect(failed).toMatchObject({ state: 'failed', message: 'exited with 1' });
    const again = await world.gateway.call(schedulerRpc.rerun, asAlice, { id: job.id });
    world.submitted.add(again.id);
    expect(await world.job(asAlice, again.id, again.revision)).toMatchObject({ rerunOf: job.id, spec: failed.spec });
    await drain();
  });

  it('rebuilds jobs, queue and devices from the log when the read store is gone', async () => {
    const running = await world.submit(asAlice, { name: 'running' });
    const queued = await world.submit(asAlice, { name: 'queued' });
    await vi.waitFor(() => expect(pushedJobs()).toEqual([running.id, queued.id]), { timeout: 60_000 });
    await Promise.all([world.job(asAlice, running.id, 2), world.job(asAlice, queued.id, 2)]);
    const before = await world.gateway.call(schedulerRpc.listJobs, asAlice, { limit: 1_000 });
    await world.restartScheduler({ dropReadStore: true });
    await world.agent.sync();
    expect(await world.gateway.call(schedulerRpc.listJobs, asAlice, { limit: 1_000 })).toEqual(before);
    expect((await world.agent.sync()).attempts.map((attempt) => attempt.jobId)).toEqual([running.id, queued.id]);
    await world.agent.tell(world.agent.ended(running.id, 1));
    expect((await world.agent.sync()).attempts.map((attempt) => attempt.jobId)).toEqual([queued.id]);
    await drain();
  });

  it('goes on when nats-server is killed: what was accepted is there, and new jobs are accepted', async () => {
    const accepted = await world.submit(asAlice, { name: 'accepted' });
    await world.nats.kill();
    await world.nats.restart();
    const later = await vi.waitFor(
      () => world.submit(by(alice, { idempotencyKey: 'after the crash' }), { name: 'later' }),
      { timeout: 60_000, interval: 200 },
    );
    expect((await world.job(asAlice, accepted.id)).name).toBe('accepted');
    expect((await world.job(asAlice, later.id, later.revision)).name).toBe('later');
    await drain();
  });

  it('flags a silent node and places nothing on it until it is heard again', async () => {
    const asAdmin = by(aUser({ role: 'admin' }));
    await vi.waitFor(
      async () =>
        expect((await world.gateway.call(schedulerRpc.getNode, asAdmin, { id: NODE_ID })).reachable).toBe(false),
      {
        timeout: 60_000,
        interval: 250,
      },
    );
    const job = await world.submit(asAlice, {});
    expect((await world.job(asAlice, job.id, job.revision)).waiting?.code).toBe('node-unreachable');
    await world.agent.sync();
    await vi.waitFor(() => expect(pushedJobs()).toEqual([job.id]), { timeout: 60_000 });
    await drain();
  });
});
