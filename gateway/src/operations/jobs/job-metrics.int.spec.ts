// Metrics: thinned for who asks, and taken from inside the job.
import { type JobView, schedulerRpc, subjects } from '@baton/contracts';
import { jetstream } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayFixture, JOB, json, startFixture } from '../../testing/fixture.ts';
import { NODE, runningJob } from '../../testing/job-output.ts';
import { problem } from '../../testing/problem.ts';
import { readEvents } from '../../testing/sse-client.ts';

interface Point {
  readonly attempt: number;
  readonly seq: number;
  readonly at: number;
  readonly step?: number;
  readonly values: Record<string, number>;
}

let fixture: GatewayFixture;
let job: JobView;
beforeAll(async () => {
  fixture = await startFixture();
  job = runningJob(JOB);
  fixture.answer(schedulerRpc.getJob, () => job);
});
afterAll(() => fixture.stop());

const metrics = async (query = '') =>
  ((await (await fixture.fetch(`/api/v1/jobs/${JOB}/metrics${query}`)).json()) as { items: Point[] }).items;
const post = (body: unknown, more: { token?: string; key?: string; path?: string } = {}) =>
  fixture.fetch(`/api/v1/jobs/${more.path ?? JOB}/metrics`, {
    ...json('POST', body, more.key === undefined ? {} : { 'idempotency-key': more.key }),
    token: more.token ?? 'job',
  });
const one = (values: Record<string, number>) => ({ points: [{ values }] });
const fromAgent = (points: object[]) =>
  jetstream(fixture.services.connection).publish(subjects.metric(NODE, JOB, 1), JSON.stringify(points));

describe('metrics from inside the job', () => {
  it('stand among those from its output, each source with numbers of its own', async () => {
    await fromAgent([{ seq: 0, at: 1, step: 1, values: { printed: 1 } }]);
    const sent = {
      attempt: 1,
      points: [
        { step: 1, values: { loss: 0.5 }, at: 2 },
        { step: 2, values: { loss: 0.25 } },
      ],
    };
    const response = await post(sent);
    expect([response.status, await response.json()]).toEqual([200, { accepted: 2 }]);
    await fromAgent([{ seq: 1, at: 3, step: 2, values: { printed: 2 } }]);
    await post(one({ loss: 0.125 }));
    expect((await metrics()).map(({ seq, step, values }) => [seq, step, values])).toEqual([
      [0, 1, { printed: 1 }],
      [0, 1, { loss: 0.5 }],
      [1, 2, { loss: 0.25 }],
      [1, 2, { printed: 2 }],
      [2, undefined, { loss: 0.125 }],
    ]);
  });
  it('are all kept, once, when many come at once and a request is repeated', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => post(one({ crowd: index }), { key: `crowd-${index}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));
    expect((await post(one({ crowd: 0 }), { key: 'crowd-0' })).status).toBe(200);
    const crowd = await metrics('?name=crowd');
    expect(new Set(crowd.map(({ values }) => values['crowd']))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    expect(crowd).toHaveLength(6);
    expect(new Set(crowd.map(({ seq }) => seq)).size).toBe(6);
  });
  it('come from that job alone', async () => {
    expect((await post(one({ a: 1 }), { token: 'alice' })).status).toBe(403);
    expect((await post(one({ a: 1 }), { path: 'job_xxxxxxxxxxxxxxxxxxxxxxxxxx' })).status).toBe(404);
  });
  it('are taken with the token of the attempt that runs, and with no other', async () => {
    const before = job;
    const [first] = job.attempts;
    if (!first) throw new Error('no attempt');
    job = {
      ...job,
      attempts: [
        { ...first, endedAt: 2 },
        { ...first, attempt: 2 },
      ],
    };
    for (const words of [{}, { attempt: 1 }, { attempt: 2 }])
      expect(await problem(await post({ ...words, ...one({ stale: 1 }) }, { token: 'attempt1' }))).toMatchObject({
        code: 'conflict',
        detail: expect.stringContaining('Attempt 1 of the job does not run') as unknown,
      });
    expect(await problem(await post({ attempt: 1, ...one({ stale: 1 }) }, { token: 'attempt2' }))).toMatchObject({
      code: 'conflict',
    });
    expect((await post(one({ fresh: 1 }), { token: 'attempt2' })).status).toBe(200);
    expect((await metrics('?attempt=2')).map(({ values }) => values)).toEqual([{ fresh: 1 }]);
    job = before;
  });
  it('are taken of the attempt that runs, and of no other', async () => {
    const before = job;
    expect(await problem(await post({ attempt: 2, ...one({ a: 1 }) }))).toMatchObject({ code: 'conflict' });
    job = { ...job, state: 'succeeded', attempts: job.attempts.map((attempt) => ({ ...attempt, endedAt: 2 })) };
    expect(await problem(await post(one({ a: 1 })))).toMatchObject({ code: 'conflict' });
    job = before;
  });
  it.each([
    ['no number', '{"points":[{"values":{"loss":NaN}}]}'],
    ['a number beyond all numbers', '{"points":[{"values":{"loss":1e400}}]}'],
    ['a step beyond all numbers', '{"points":[{"step":-1e400,"values":{"loss":1}}]}'],
    ['text', '{"points":[{"values":{"loss":"0.5"}}]}'],
    ['null', '{"points":[{"values":{"loss":null}}]}'],
    ['no values', '{"points":[{"values":{}}]}'],
    ['no points', '{"points":[]}'],
    ['a name of the agent', '{"points":[{"values":{"system/cpu":1}}]}'],
    ['an endless name', `{"points":[{"values":{"${'x'.repeat(65)}":1}}]}`],
    ['a name that is none', '{"points":[{"values":{"a b":1}}]}'],
    ['an unknown member', '{"points":[{"seq":7,"values":{"a":1}}]}'],
    ['too many points', JSON.stringify({ points: Array.from({ length: 1_001 }, () => ({ values: { a: 1 } })) })],
  ])('are refused with %s', async (_what, body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fixture.fetch(`/api/v1/jobs/${JOB}/metrics`, {
      method: 'POST',
      body,
      headers,
      token: 'job',
    });
    expect(await problem(response)).toMatchObject({ status: 400, code: 'invalid_input' });
  });
  it('are limited in their rate', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => post({ points: [] })));
    // What is refused as it is counts for nothing.
    expect(answers.every(({ status }) => status === 400)).toBe(true);
    const many = await Promise.all(Array.from({ length: 70 }, () => post({ attempt: 9, ...one({ a: 1 }) })));
    const limited = many.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('what is asked for', () => {
  const COUNT = 20_000;
  it('is at most so many points of each series, the last always among them', async () => {
    for (let from = 0; from < COUNT; from += 2_000) {
      const points = Array.from({ length: 2_000 }, (_, index) => {
        const seq = 100 + from + index;
        return {
          seq,
          at: seq,
          step: seq,
          values: { long: seq === 5_000 ? 9 : 1, ...(seq % 4_000 === 0 ? { rare: seq } : {}) },
        };
      });
      await fromAgent(points);
    }
    const thin = await metrics('?points=50');
    const long = thin.filter(({ values }) => Object.hasOwn(values, 'long'));
    expect(long.length).toBeLessThanOrEqual(50);
    expect(long.at(-1)?.step).toBe(COUNT + 99);
    expect(long.some(({ values }) => values['long'] === 9)).toBe(true);
    expect(thin.filter(({ values }) => Object.hasOwn(values, 'rare'))).toHaveLength(5);
    expect((await metrics('?name=long')).length).toBe(COUNT);
    expect(await metrics('?points=1&name=long')).toEqual([
      { attempt: 1, seq: COUNT + 99, at: COUNT + 99, step: COUNT + 99, values: { long: 1 } },
    ]);
    expect((await fixture.fetch(`/api/v1/jobs/${JOB}/metrics?points=0`)).status).toBe(400);
    expect(await metrics('?attempt=7')).toEqual([]);
  }, 60_000);
  it('is what the job has told, or what the agent has measured', async () => {
    await fromAgent([{ seq: 100_000, at: 5, values: { 'system/cpu': 1.5, 'system/memory': 1e9 } }]);
    expect((await metrics()).some(({ values }) => Object.hasOwn(values, 'system/cpu'))).toBe(false);
    expect(await metrics('?system=true')).toMatchObject([{ values: { 'system/cpu': 1.5, 'system/memory': 1e9 } }]);
    const before = job;
    job = { ...job, state: 'succeeded' };
    const types: string[] = [];
    for await (const { type } of readEvents(await fixture.fetch(`/api/v1/jobs/${JOB}/metrics/stream?system=true`)))
      types.push(type);
    expect(types).toEqual(['metric', 'end']);
    job = before;
  });
});
