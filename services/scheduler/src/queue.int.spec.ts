// What is answered about the queue on a real nats-server: now, at times in the past, and over a restart.
import { queueRpc, schedulerRpc } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aUser, by, startWorld, type World } from './testing/world.ts';

let world: World;
const asAlice = by(aUser());
const asBob = by(aUser());
const jobs: Record<'runs' | 'lines' | 'waits' | 'held', string> = { runs: '', lines: '', waits: '', held: '' };
let allWait = 0;

type At = number | string | undefined;
const then = ({ principal }: typeof asAlice, at: At) => by(principal, at === undefined ? {} : { at: String(at) });
const why = (id: string, at?: At, context = asAlice) => world.gateway.call(queueRpc.why, then(context, at), { id });
const queue = (at?: At, context = asAlice) => world.gateway.call(queueRpc.queue, then(context, at), {});

beforeAll(async () => {
  world = await startWorld();
  await world.agent.sync();
  for (const name of ['runs', 'lines', 'waits', 'held'] as const) {
    const spec = { name, timeLimit: '1h', ...(name === 'held' ? { hold: true } : {}) };
    jobs[name] = (await world.submit(asAlice, spec)).id;
    if (name === 'runs')
      await vi.waitUntil(async () => (await world.agent.sync()).attempts.length === 1, { timeout: 60_000 });
  }
  // The first answer waits for the thread of forecasts, which is started from its sources.
  await vi.waitUntil(async () => (await queue()).counts.inLine > 0, { timeout: 60_000 });
  allWait = Date.now();
});
afterAll(() => world.stop());

describe('why', () => {
  it('says the same of a past time, after a restart and after the job has ended, as it said then', async () => {
    const then = await Promise.all([why(jobs.lines), why(jobs.waits), why(jobs.held)]);
    expect(then.map(({ code }) => code)).toEqual(['staged-behind', then[1].code, 'held']);
    expect(then[0].facts).toMatchObject([{ code: 'line', behind: [{ job: { id: jobs.runs, name: 'runs' } }] }]);
    await world.gateway.call(schedulerRpc.cancel, asAlice, { id: jobs.held });
    await world.restartScheduler();
    await world.agent.sync();
    const past = await Promise.all([why(jobs.lines, allWait), why(jobs.waits, allWait), why(jobs.held, allWait)]);
    const told = ({ code, state, jobId }: (typeof past)[0]) => ({ code, state, jobId });
    expect(past.map(told)).toEqual(then.map(told));
    expect(past[0].facts).toMatchObject([{ code: 'line', behind: [{ job: { id: jobs.runs } }] }]);
    expect(await why(jobs.held)).toMatchObject({ code: null, state: 'cancelled', facts: [{ code: 'not-waiting' }] });
  });

  it('is refused for a time ahead, one before there was anything, and one before the job was submitted', async () => {
    for (const at of [Date.now() + 60_000, 1, 'position:0', 'position:99999'])
      await expect(why(jobs.waits, at)).rejects.toMatchObject({ code: 'invalid_input' });
    const submittedAt = (await world.job(asAlice, jobs.waits)).createdAt;
    await expect(why(jobs.waits, submittedAt - 1)).rejects.toMatchObject({
      code: 'invalid_input',
      message: 'The job was submitted later.',
    });
  });

  it('says behind a commit what was so until the next one', async () => {
    const { items } = await world.gateway.call(schedulerRpc.jobEvents, asAlice, { id: jobs.held });
    const [submitted, cancelled] = items.map(({ position }) => position);
    const [held, before, after] = [submitted, (cancelled ?? 0) - 1, cancelled].map((at) => `position:${at}`);
    expect(await why(jobs.held, held)).toMatchObject({ code: 'held', at: items[0]?.at });
    expect(await why(jobs.held, before)).toMatchObject({ code: 'held' });
    expect(await why(jobs.held, after)).toMatchObject({ code: null, state: 'cancelled', at: items[1]?.at });
    await expect(why(jobs.held, `position:${(submitted ?? 0) - 1}`)).rejects.toMatchObject({
      message: 'The job was submitted later.',
    });
  });

  it('is not told to those who may not read the job, of no time', async () => {
    for (const at of [undefined, allWait])
      await expect(why(jobs.waits, at, asBob)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the queue', () => {
  it.each(['time', 'position'])(
    'is shown to everybody as it was at a %s, with the jobs of others private',
    async (by) => {
      const { items } = await world.gateway.call(schedulerRpc.jobEvents, asAlice, { id: jobs.held });
      const at = by === 'time' ? allWait : `position:${(items[1]?.position ?? 0) - 1}`;
      const [own, others] = await Promise.all([queue(at), queue(at, asBob)]);
      expect(new Set(own.items.map(({ job }) => job.name))).toEqual(new Set(['held', 'lines', 'waits']));
      expect(own.items.at(-1)).toMatchObject({ job: { name: 'held' }, place: null, code: 'held', shape: '1 CPU slot' });
      expect(own.counts.inLine + own.counts.queued + own.counts.notYet).toBe(3);
      expect(others.items.map(({ code, message }) => ({ code, message }))).toEqual(
        own.items.map(({ code, message }) => ({ code, message })),
      );
      for (const { job } of others.items) expect(job).toEqual({ id: null, name: null, ownerId: null });
      expect(JSON.stringify(others)).not.toContain(jobs.runs);
    },
  );
});

describe('overtakers', () => {
  it('are the later jobs that got devices first, each with the reason', async () => {
    world.agent.slots = { cpu: 2, gpu: 0 };
    const early = (await world.submit(asAlice, { name: 'early', hold: true })).id;
    const late = (await world.submit(asBob, { name: 'late', class: 'urgent' })).id;
    await vi.waitFor(
      async () => {
        const { attempts } = await world.agent.sync();
        for (const { jobId, attempt } of attempts.filter(({ jobId: id }) => id !== late))
          await world.agent.tell({ type: 'started', jobId, attempt }, world.agent.ended(jobId, attempt));
        expect((await world.job(asBob, late)).state).not.toBe('queued');
        expect(attempts.map(({ jobId }) => jobId)).toContain(late);
      },
      { timeout: 60_000 },
    );
    const view = await world.gateway.call(queueRpc.overtakers, asAlice, { id: early });
    expect(view).toMatchObject({ name: 'early', startedAt: null, total: 1 });
    expect(view.items).toMatchObject([{ job: { id: null }, className: 'urgent', code: 'not-yet' }]);
    const other = await world.gateway.call(queueRpc.overtakers, asBob, { id: late });
    expect(other).toMatchObject({ total: 0, items: [] });
    expect(other.startedAt).not.toBeNull();
    await expect(world.gateway.call(queueRpc.overtakers, asBob, { id: early })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
