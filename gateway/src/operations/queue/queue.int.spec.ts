// The queue over REST: its order, why a job waits, and who overtook it.
import { type OvertakersView, queueRpc, type QueueView, type WhyView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, type GatewayFixture, JOB, startFixture } from '../../testing/fixture.ts';
import { problem } from '../../testing/problem.ts';

const word = { id: JOB, name: 'train', ownerId: ALICE };
const message = 'It waits for a device; 1 running job holds what it could use.';
const queueView: QueueView = {
  at: 10,
  items: [
    {
      place: 1,
      job: word,
      className: 'normal',
      shape: '1 GPU',
      submittedAt: 1,
      code: 'devices-busy',
      message,
      promisedAt: null,
    },
  ],
  counts: { inLine: 0, queued: 1, notYet: 0 },
};
const whyView: WhyView = {
  jobId: JOB,
  name: 'train',
  at: 10,
  state: 'queued',
  code: 'devices-busy',
  message,
  facts: [
    { code: 'nodes', message: 'Of 1 node, 1 could hold it; on 0 it would fit now.', counts: { 'devices-busy': 1 } },
  ],
};
const overtakersView: OvertakersView = {
  jobId: JOB,
  name: 'train',
  submittedAt: 1,
  startedAt: null,
  items: [],
  total: 0,
};

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

describe('the queue', () => {
  it('is shown to users, as it is and as it was', async () => {
    fixture.answer(queueRpc.queue, ({ meta }) => ({ ...queueView, at: Number(meta.at ?? 10) }));
    expect(await (await fixture.fetch('/api/v1/queue')).json()).toEqual(queueView);
    expect(await (await fixture.fetch('/api/v1/queue?at=5&limit=1')).json()).toEqual({ ...queueView, at: 5 });
    expect((await fixture.fetch('/api/v1/queue', { token: null })).status).toBe(401);
    expect((await fixture.fetch('/api/v1/queue', { token: 'job' })).status).toBe(403);
  });

  it.each(['at=yesterday', 'at=-1', 'limit=0', 'limit=1001', 'sort=name'])('is refused with %s', async (query) => {
    expect((await fixture.fetch(`/api/v1/queue?${query}`)).status).toBe(400);
  });

  it('says which part of the question could not be answered', async () => {
    fixture.answer(queueRpc.queue, () => {
      throw new PlatformError('invalid_input', 'The time asked for lies in the future.', {
        issues: [{ pointer: '/at', detail: 'lies in the future' }],
      });
    });
    expect(await problem(await fixture.fetch('/api/v1/queue?at=99'))).toMatchObject({
      status: 400,
      errors: [{ pointer: '/at', detail: 'lies in the future' }],
    });
  });
});

describe.each([
  ['why', queueRpc.why, whyView],
  ['overtakers', queueRpc.overtakers, overtakersView],
] as const)('of a job, %s', (path, operation, view) => {
  const url = `/api/v1/jobs/${JOB}/${path}`;

  it('is told to those who may read it, also to the job itself', async () => {
    fixture.answer(operation as typeof queueRpc.why, ({ body }) => {
      expect(body.id).toBe(JOB);
      return view as WhyView;
    });
    expect(await (await fixture.fetch(url)).json()).toEqual(view);
    expect((await fixture.fetch(url, { token: 'job' })).status).toBe(200);
    expect((await fixture.fetch(url, { token: null })).status).toBe(401);
    expect((await fixture.fetch(`${url}?until=5`)).status).toBe(400);
  });

  it('is not there for others', async () => {
    fixture.answer(operation as typeof queueRpc.why, () => {
      throw new PlatformError('not_found', 'There is no such job.');
    });
    expect((await fixture.fetch(url, { token: 'bob' })).status).toBe(404);
  });
});

it('why is told of a past time, and of a position', async () => {
  fixture.answer(queueRpc.why, ({ meta }) => ({ ...whyView, message: `at ${meta.at}` }));
  for (const at of ['5', 'position:7']) {
    const response = await fixture.fetch(`/api/v1/jobs/${JOB}/why?at=${at}`);
    expect(await response.json()).toMatchObject({ message: `at ${at}` });
  }
});
