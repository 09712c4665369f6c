// What arrives of an attempt that the job's log has ended already, over HTTP: it changes nothing that is shown.
import { openFileBlobStore } from '@baton/blob-store';
import { type AttemptResult, type AttemptView, type JobView, schedulerRpc, subjects } from '@baton/contracts';
import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type GatewayFixture, startFixture } from '../../testing/fixture.ts';
import { attemptResult, NODE, publishLog, runningJob } from '../../testing/job-output.ts';
import { readEvents } from '../../testing/sse-client.ts';

const OTHER = 'nod_oooooooooooooooooooooooooo';

let fixture: GatewayFixture;
let publisher: JetStreamClient;
let counter = 0;
let job: JobView;

beforeAll(async () => {
  fixture = await startFixture();
  publisher = jetstream(fixture.services.connection);
  fixture.answer(schedulerRpc.getJob, () => job);
});
afterAll(() => fixture.stop());
beforeEach(() => {
  counter += 1;
  job = runningJob(`job_${String(counter).padStart(26, '0')}`);
});

const ENDED = attemptResult({ reason: 'lost', exitCode: null });
const log = (text: string, offset: number, place: { attempt?: number; node?: string } = {}) =>
  publishLog(publisher, job.id, { ...place, text, offset });
const metric = async (seq: number, { attempt = 1, node = NODE } = {}) => {
  const points = [{ seq, at: seq, values: { loss: seq } }];
  return (await publisher.publish(subjects.metric(node, job.id, attempt), JSON.stringify(points))).seq;
};
const positions = async () => {
  const manager = await jetstreamManager(fixture.services.connection);
  const newest = async (stream: string) => (await manager.streams.info(stream)).state.last_seq;
  return { logs: await newest('LOGS'), metrics: await newest('METRICS') };
};

const get = (path: string) => fixture.fetch(`/api/v1/jobs/${job.id}/${path}`);
async function followed(kind: string) {
  const events: unknown[] = [];
  for await (const event of readEvents(await get(`${kind}/stream`))) events.push(event);
  return events;
}
/** All that REST shows of the output and the metrics of the job. */
async function shown() {
  const paths = ['logs', 'logs?attempt=1', 'logs?attempt=1&output=stdout', 'logs/raw?attempt=1', 'logs/raw?attempt=2'];
  const searched = ['logs/search?q=e', 'logs/search?q=e&attempt=1', 'metrics', 'metrics?attempt=1', 'metrics?points=9'];
  const texts = [...paths, ...searched].map(async (path) => [path, await (await get(path)).text()] as const);
  const streams = ['logs', 'metrics'].map(async (kind) => [`${kind}/stream`, await followed(kind)] as const);
  return Object.fromEntries<unknown>(await Promise.all([...texts, ...streams]));
}

/** Its first attempt ended so, and its second one, elsewhere, with success. */
function overAs(first: Partial<AttemptResult>): void {
  const [attempt] = job.attempts;
  if (!attempt) throw new Error('no attempt');
  const one: AttemptView = { ...attempt, endedAt: 2, result: { ...ENDED, ...first } };
  const two: AttemptView = { ...one, attempt: 2, nodeId: OTHER, result: { ...ENDED, reason: 'exited', exitCode: 0 } };
  job = { ...job, state: 'succeeded', attempts: [one, two] };
}

/** All that the first node may publish, whoever asks it to. */
async function attack(from: number): Promise<void> {
  for (const attempt of [1, 2, 3]) {
    await log('LATE: the model diverged', from, { attempt });
    await log('LATE', 0, { attempt });
    await metric(from, { attempt });
    await metric(0, { attempt });
  }
}

it('of an attempt that was given up is not shown, however late and in whichever name it comes', async () => {
  await log('hello ', 0);
  await log('here', 6);
  await metric(0);
  const fence = await positions();
  const second = { attempt: 2, node: OTHER };
  await log('here again', 0, second);
  await metric(0, second);
  overAs({ fence });
  const before = await shown();
  expect(before).toMatchObject({
    logs: 'here again',
    'logs?attempt=1': 'hello here',
    'logs/raw?attempt=1': 'hello here',
  });
  await attack(10);
  expect(await shown()).toEqual(before);
});

it('of an attempt that wrote nothing before it was given up is not shown either', async () => {
  const fence = await positions();
  overAs({ fence });
  await attack(0);
  expect(await shown()).toMatchObject({ 'logs?attempt=1': '', 'logs/raw?attempt=1': '', metrics: '{"items":[]}' });
});

it('of an attempt of which its agent told the end is no more than what it told', async () => {
  const blobs = await openFileBlobStore({ folder: join(fixture.folder.path, 'blobs') });
  await log('hello ', 0);
  await metric(0);
  const { digest, sizeBytes } = await blobs.put(Buffer.from('hello here'));
  overAs({ reason: 'exited', exitCode: 1, output: { stdout: { digest, sizeBytes }, stderr: null }, points: 2 });
  // The streams were away: the agent sends the rest again.
  await log('here', 6);
  await metric(1);
  const before = await shown();
  expect(before).toMatchObject({
    'logs?attempt=1': 'hello here',
    metrics: expect.stringContaining('"seq":1') as unknown,
  });
  await attack(10);
  expect(await shown()).toEqual(before);
});
