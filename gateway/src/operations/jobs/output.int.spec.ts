// A job's logs, metrics and state over HTTP, from real JetStream streams: everything once, resumable exactly.
import { type JobView, schedulerRpc, subjects } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, type GatewayFixture, startFixture } from '../../testing/fixture.ts';
import { type LogPlace, NODE, publishLog, runningJob } from '../../testing/job-output.ts';
import { readEvents, type ReceivedEvent } from '../../testing/sse-client.ts';

let fixture: GatewayFixture;
let publisher: JetStreamClient;
let counter = 0;
let job: JobView;
const STRANGER = 'nod_xxxxxxxxxxxxxxxxxxxxxxxxxx';

beforeAll(async () => {
  fixture = await startFixture();
  publisher = jetstream(fixture.services.connection);
  const manager = await jetstreamManager(fixture.services.connection);
  await manager.streams.add({ name: 'JOBS', subjects: ['evt.job.*'] });
});
afterAll(() => fixture.stop());

beforeEach(() => {
  counter += 1;
  job = runningJob(`job_${String(counter).padStart(26, '0')}`);
  fixture.answer(schedulerRpc.getJob, ({ principal, body }) => {
    if (principal.userId !== ALICE || body.id !== job.id)
      throw new PlatformError('not_found', `There is no job ${body.id}.`);
    return job;
  });
});

const log = (text: string | Uint8Array, offset: number, place: LogPlace = {}) =>
  publishLog(publisher, job.id, { ...place, text, offset });
const metric = async (points: object[]) =>
  (await publisher.publish(subjects.metric(NODE, job.id, 1), JSON.stringify(points))).seq;
async function commit(type: string, revision: number): Promise<number> {
  const body = { envelopeV: 1, revision, at: 5, actor: 'system:scheduler', events: [{ type, v: 1, data: {} }] };
  return (await publisher.publish(subjects.aggregate('job', job.id), JSON.stringify(body))).seq;
}
const stream = (kind: string, lastEventId?: string, signal?: AbortSignal) =>
  fixture.fetch(`/api/v1/jobs/${job.id}/${kind}/stream`, {
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    ...(signal ? { signal } : {}),
  });
async function all(kind: string, lastEventId?: string): Promise<ReceivedEvent[]> {
  const events: ReceivedEvent[] = [];
  for await (const event of readEvents(await stream(kind, lastEventId))) events.push(event);
  return events;
}
const texts = (events: ReceivedEvent[]) =>
  events.filter(({ type }) => type === 'log').map(({ data }) => (data as { text: string }).text);

describe('logs', () => {
  it('shows what is there as bytes, by attempt, output and offset', async () => {
    await log('hello ', 0);
    await log('oops', 0, { output: 'stderr' });
    await log('world', 6);
    const read = async (query: string) => (await fixture.fetch(`/api/v1/jobs/${job.id}/logs${query}`)).text();
    expect(await read('')).toBe('hello oopsworld');
    expect(await read('?output=stdout')).toBe('hello world');
    expect(await read('?output=stdout&offset=4')).toBe('o world');
    expect(await read('?output=stderr')).toBe('oops');
    expect(await read('?attempt=2')).toBe('');
  });
  it('is empty while there is none, and hidden from others', async () => {
    const response = await fixture.fetch(`/api/v1/jobs/${job.id}/logs`);
    expect([response.status, await response.text()]).toEqual([200, '']);
    for (const path of ['logs', 'logs/stream', 'metrics', 'events/stream']) {
      expect((await fixture.fetch(`/api/v1/jobs/${job.id}/${path}`, { token: 'bob' })).status).toBe(404);
    }
  });
  it('passes binary output on unchanged', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await log(bytes, 0);
    expect(new Uint8Array(await (await fixture.fetch(`/api/v1/jobs/${job.id}/logs`)).arrayBuffer())).toEqual(bytes);
  });
  it('follows: what was there, what comes, then the end when the job is over', async () => {
    await log('before ', 0);
    const events = readEvents(await stream('logs'));
    expect((await events.next()).value).toMatchObject({
      type: 'log',
      data: { attempt: 1, output: 'stdout', offset: 0, at: 1000, text: 'before ' },
    });
    await log('after', 7);
    expect((await events.next()).value).toMatchObject({ data: { offset: 7, text: 'after' } });
    await log('!', 12);
    await commit('JobSucceeded', 5);
    expect((await events.next()).value).toMatchObject({ data: { text: '!' } });
    expect((await events.next()).value).toMatchObject({ type: 'end' });
    expect((await events.next()).done).toBe(true);
  });
  it('leaves repeats out, in whole or in part, and keeps characters whole', async () => {
    const korean = Buffer.from('가나');
    await log(korean.subarray(0, 4), 0);
    await log(korean.subarray(0, 4), 0);
    await log(korean.subarray(2), 2);
    job = { ...job, state: 'succeeded' };
    expect(texts(await all('logs'))).toEqual(['가', '나']);
  });
  it('resumes after any event without a gap or a repeat', async () => {
    const bytes = Buffer.from('에포크 1 손실 0.3\n에포크 2 손실 0.2\n');
    for (let offset = 0; offset < bytes.length; offset += 5) {
      await log(bytes.subarray(offset, offset + 5), offset);
      if (offset % 15 === 0) await log(bytes.subarray(offset, offset + 5), offset);
    }
    job = { ...job, state: 'failed' };
    const whole = await all('logs');
    expect(texts(whole).join('')).toBe(bytes.toString());
    for (const [index, { id }] of whole.slice(0, -1).entries()) {
      expect(await all('logs', id)).toEqual(whole.slice(index + 1));
    }
  });
  it('takes nothing that another node writes in its name', async () => {
    await log('mine', 0);
    await log('forged', 4, { node: STRANGER });
    job = { ...job, state: 'succeeded' };
    expect(texts(await all('logs'))).toEqual(['mine']);
  });
  it('follows into an attempt that began meanwhile', async () => {
    const events = readEvents(await stream('logs'));
    const [first] = job.attempts;
    if (!first) throw new Error('no attempt');
    job = { ...job, attempts: [first, { ...first, attempt: 2, nodeId: STRANGER }] };
    await log('again', 0, { attempt: 2, node: STRANGER });
    expect((await events.next()).value).toMatchObject({ data: { attempt: 2, text: 'again' } });
    await events.return?.(undefined);
  });
  it('refuses a position that is none', async () => {
    expect((await stream('logs', 'x')).status).toBe(400);
  });
  it('lets go of its consumers when the client goes', async () => {
    await log('x', 0);
    const gone = new AbortController();
    const events = readEvents(await stream('logs', undefined, gone.signal));
    await events.next();
    const manager = await jetstreamManager(fixture.services.connection);
    const consumers = async () => (await manager.streams.info('LOGS')).state.consumer_count;
    expect(await consumers()).toBeGreaterThan(0);
    gone.abort();
    await expect.poll(consumers).toBe(0);
  });
  it('ends when its reader may not read the job any more', async () => {
    await log('x', 0);
    const events = readEvents(await stream('logs'));
    await events.next();
    fixture.answer(schedulerRpc.getJob, () => {
      throw new PlatformError('not_found', 'gone');
    });
    await fixture.services.connection.flush();
    fixture.services.publish(subjects.credentialsChanged, {});
    expect((await events.next()).done).toBe(true);
  });
  it('goes on after nats-server was away', async () => {
    await log('before', 0);
    const events = readEvents(await stream('logs'));
    await events.next();
    await fixture.nats.restart();
    await expect
      .poll(() =>
        log('after', 6).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect((await events.next()).value).toMatchObject({ data: { offset: 6, text: 'after' } });
    await events.return?.(undefined);
  }, 30_000);
});

describe('metrics', () => {
  it('lists each point once, and skips what is no point', async () => {
    await metric([
      { seq: 0, at: 1, values: { loss: 1 } },
      { seq: 1, at: 2, step: 1, values: { loss: 0.5 } },
    ]);
    await metric([
      { seq: 1, at: 2, step: 1, values: { loss: 0.5 } },
      { seq: 2, at: 3, values: { loss: 0.25 } },
    ]);
    await publisher.publish(subjects.metric(NODE, job.id, 1), 'garbage');
    const { items } = (await (await fixture.fetch(`/api/v1/jobs/${job.id}/metrics`)).json()) as {
      items: { seq: number; attempt: number }[];
    };
    expect(items.map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(items[1]).toEqual({ attempt: 1, seq: 1, at: 2, step: 1, values: { loss: 0.5 } });
  });
  it('follows and resumes', async () => {
    const first = await metric([{ seq: 0, at: 1, values: { a: 1 } }]);
    await metric([{ seq: 1, at: 2, values: { a: 2 } }]);
    job = { ...job, state: 'succeeded' };
    const whole = await all('metrics');
    expect(whole.map(({ type }) => type)).toEqual(['metric', 'metric', 'end']);
    expect(await all('metrics', String(first))).toEqual(whole.slice(1));
  });
});

describe('state', () => {
  it('follows each commit and ends with the last', async () => {
    const submitted = await commit('JobSubmitted', 1);
    const events = readEvents(await stream('events'));
    expect((await events.next()).value).toMatchObject({
      type: 'state',
      id: String(submitted),
      data: { revision: 1, actor: 'system:scheduler' },
    });
    await commit('JobAssigned', 2);
    await commit('JobCancelled', 3);
    expect((await events.next()).value).toMatchObject({ data: { revision: 2 } });
    expect((await events.next()).value).toMatchObject({ data: { revision: 3, events: [{ type: 'JobCancelled' }] } });
    expect((await events.next()).value).toMatchObject({ type: 'end' });
    expect((await all('events', String(submitted))).map(({ type }) => type)).toEqual(['state', 'state', 'end']);
  });
});
