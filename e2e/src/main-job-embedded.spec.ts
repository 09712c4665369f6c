// The main job on the embedded platform: upload, queue, train, weights, endpoint, and a crash of everything.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobView } from '@baton/contracts';
import { BatonClient, type LogEvent, type MetricEvent, type StreamEvent } from '@baton/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { servedAccuracy } from './digits.ts';
import { ended, positionOf, untilReleased, untilState } from './jobs.ts';
import { epochsIn, registerCode, trainingSpec, uploadDigits, type UploadedDigits, weightsOf } from './main-job.ts';
import { ADMIN, logIn } from './people.ts';
import { newPlatform, type TestPlatform } from './platform.ts';
import { trainingPython } from './python.ts';
import { send } from './rest.ts';

const EPOCHS = 8;
const NAMES = ['narrow', 'middle', 'wide'] as const;
const python = trainingPython();

let platform: TestPlatform;
let client: BatonClient;
let digits: UploadedDigits;
let jobs: JobView[] = [];

beforeAll(async () => {
  platform = await newPlatform();
  await platform.start();
});
afterAll(() => platform.cleanUp());

const accuracy = (endpoint: string) =>
  servedAccuracy({ url: platform.servingUrl, token: client.http.token, endpoint }, digits.csv);
const oneRunsAtMost = async () =>
  (await client.jobs.list({ active: true })).items.filter((job) => job.state === 'running').length <= 1;

it('makes the first to use the one-time token the admin, and refuses the token from then on', async () => {
  const token = platform.adminToken();
  const user = await new BatonClient({ url: platform.url }).users.signUp({ token, ...ADMIN });
  expect(user).toMatchObject({ email: ADMIN.email, role: 'admin' });
  const again = await send(platform.url, '/api/v1/users', { body: { token, ...ADMIN, email: 'second@example.com' } });
  expect([401, 403, 404]).toContain(again.status);
  expect(() => platform.adminToken()).toThrow('ENOENT');
  client = await logIn(platform.url, ADMIN);
});

it('resumes an upload that was cut in the middle, and stores exactly the bytes of the local file', async () => {
  digits = await uploadDigits(client, python, platform.files);
  expect(digits.cutAtBytes).toBeGreaterThan(0);
  expect(digits.cutAtBytes).toBeLessThan(digits.sizeBytes);
  expect(digits.storedDigest).toBe(digits.sha256);
  const file = await client.datasets.file('digits', digits.version, 'digits.csv');
  expect(
    createHash('sha256')
      .update(Buffer.from(await file.arrayBuffer()))
      .digest('hex'),
  ).toBe(digits.sha256);
});

it('registers a folder of training code as a version of a model', async () => {
  expect(await registerCode(client)).toBe(1);
  const { versions } = await client.models.get('digits');
  expect(versions).toMatchObject([{ version: 1, kind: 'code', trained: false, lineage: null }]);
});

it('runs three jobs on one slot one after the other, in their order, and says why the others wait', async () => {
  const submitted: string[] = [];
  for (const [index, name] of NAMES.entries()) {
    const spec = trainingSpec(python, { name, epochs: EPOCHS, hidden: 8 * 4 ** index, pause: 0.1 });
    submitted.push((await client.jobs.submit(spec)).id);
  }
  const [first = '', second = '', third = ''] = submitted;
  await untilState(client, first, 'running');
  expect((await client.jobs.get(second)).waiting).toMatchObject({
    code: 'staged-behind',
    position: 1,
    heldBy: [first],
  });
  expect((await client.jobs.get(third)).waiting).toMatchObject({ code: 'staged-behind', position: 2 });

  const metrics: StreamEvent[] = [];
  for (const id of submitted) {
    for await (const event of client.jobs.followMetrics(id)) {
      metrics.push(event);
      expect(await oneRunsAtMost()).toBe(true);
    }
  }
  expect(metrics.length).toBeGreaterThan(0);
  jobs = await Promise.all(submitted.map((id) => ended(client, id)));
  expect(jobs.map((job) => [job.name, job.state, job.attempts.length])).toEqual(
    NAMES.map((name) => [name, 'succeeded', 1]),
  );
  await expectNoOverlap(submitted);
});

/** The log itself has each free the slot before the next takes it, and so has the node's clock. */
async function expectNoOverlap(ids: readonly string[]): Promise<void> {
  const ends = await Promise.all(ids.map((id) => positionOf(client, id, 'AttemptReleased')));
  const begins = await Promise.all(ids.map((id) => positionOf(client, id, 'AttemptStarted')));
  const inOrder = (values: readonly (number | null | undefined)[]) =>
    expect(values).toEqual(values.toSorted((a, b) => Number(a) - Number(b)));
  inOrder(begins.flatMap((begin, index) => [begin, ends[index]]));
  inOrder(jobs.flatMap(({ attempts }) => [attempts[0]?.startedAt, attempts[0]?.endedAt]));
}

it('shows loss and accuracy of every epoch while the job runs', async () => {
  const { id } = await client.jobs.submit(trainingSpec(python, { name: 'live', epochs: EPOCHS, pause: 0.1 }));
  const whileRunning: number[] = [];
  const steps: number[] = [];
  for await (const { data } of client.jobs.followMetrics(id)) {
    const { points } = data as MetricEvent;
    steps.push(...stepsIn(points));
    if ((await client.jobs.get(id)).state === 'running') whileRunning.push(points.length);
  }
  expect(steps).toEqual(Array.from({ length: EPOCHS }, (_, index) => index + 1));
  expect(whileRunning.length).toBeGreaterThan(1);
  const { items } = await client.jobs.metrics(id);
  const learning = items.filter(({ step }) => step !== undefined);
  for (const { values } of learning) expect(Object.keys(values).toSorted()).toEqual(['accuracy', 'loss']);
  expect(stepsIn(items)).toEqual(steps);
  jobs.push(await ended(client, id));
});

/** The epochs that metrics belong to. */
function stepsIn(points: readonly { readonly step?: number }[]): number[] {
  return points.flatMap(({ step }) => (step === undefined ? [] : [step]));
}

it('keeps each log whole, live and afterwards, and resumes it behind any event', async () => {
  for (const { id } of jobs) {
    const log = await client.jobs.logs(id);
    expect(epochsIn(log)).toEqual(Array.from({ length: EPOCHS }, (_, index) => index + 1));
    expect(log).toContain('1437 images to learn from, 360 held out');
    expect(log.trimEnd().endsWith('weights written to output/digits.onnx')).toBe(true);
    const events: StreamEvent[] = [];
    for await (const event of client.jobs.followLogs(id)) events.push(event);
    expect(textOf(events)).toBe(log);
    const middle = Math.floor(events.length / 2);
    const rest: StreamEvent[] = [];
    for await (const event of client.jobs.followLogs(id, { lastEventId: events[middle]?.id ?? '' })) rest.push(event);
    expect(rest).toEqual(events.slice(middle + 1));
  }
});

function textOf(events: readonly StreamEvent[]): string {
  return events.map(({ data }) => (data as LogEvent).text).join('');
}

it('keeps what each job left in its output folder as artifacts', async () => {
  for (const { id } of jobs) {
    const { files } = await client.jobs.artifacts(id);
    expect(files.map((file) => file.path)).toEqual(['digits.onnx']);
    const content = Buffer.from(await (await client.jobs.artifact(id, 'digits.onnx')).arrayBuffer());
    expect(createHash('sha256').update(content).digest('hex')).toBe(files[0]?.digest);
  }
});

it("registers each job's weights as a version, with all that they came from", async () => {
  const model = await client.models.get('digits');
  const dataset = await client.datasets.get('digits');
  const code = model.versions.find((version) => version.version === 1);
  for (const job of jobs) {
    const version = await weightsOf(client, job.id);
    expect(version).toMatchObject({ kind: 'weights', trained: true });
    const last = (await client.jobs.metrics(job.id)).items.at(-1)?.values;
    expect(version.lineage.metrics).toMatchObject(last ?? {});
    expect(version.lineage).toMatchObject({
      jobId: job.id,
      attempt: 1,
      nodeId: job.attempts[0]?.nodeId,
      code: { modelId: model.id, version: 1, digest: code?.manifest.digest },
      datasets: [{ datasetId: dataset.id, version: 1, digest: dataset.versions[0]?.manifest.digest }],
    });
  }
});

it('serves the best weights: the accuracy of its answers is what training reported', async () => {
  const versions = await Promise.all(jobs.map((job) => weightsOf(client, job.id)));
  const score = (version: (typeof versions)[number]) => version.lineage.metrics['accuracy'] ?? 0;
  const best = versions.toSorted((a, b) => score(b) - score(a))[0];
  if (!best) throw new Error('there are no weights');
  await client.endpoints.create({ name: 'digits', model: 'digits', version: best.version });
  expect(score(best)).toBeGreaterThan(0.8);
  expect((await accuracy('digits')).toFixed(4)).toBe(score(best).toFixed(4));
});

it('loses nothing and disturbs no job when every process is killed under it and started again', async () => {
  const epochs = 12;
  const release = join(platform.files, 'release');
  const spec = trainingSpec(python, { name: 'survivor', epochs, pause: 0.2 });
  // Learns while nothing of the platform is there, and ends when it is told to.
  const { id } = await client.jobs.submit({ ...spec, ...untilReleased(spec.command, release) });
  const metrics = client.jobs.followMetrics(id);
  await metrics.next();
  await metrics.return(undefined);
  const before = await picture(id);
  const served = await accuracy('digits');
  expect(await platform.killAll()).toBe(5);
  await platform.start();

  expect(await picture(id)).toEqual(before);
  expect(await accuracy('digits')).toBe(served);
  expect(await client.jobs.get(id)).toMatchObject({ state: 'running', attempts: [{ attempt: 1, result: null }] });
  await writeFile(release, '');
  const job = await ended(client, id);
  expect(job).toMatchObject({ state: 'succeeded', counters: { userFailures: 0, infrastructureLosses: 0 } });
  expect(job.attempts.length).toBe(1);
  const all = Array.from({ length: epochs }, (_, index) => index + 1);
  expect(epochsIn(await client.jobs.logs(id))).toEqual(all);
  expect(stepsIn((await client.jobs.metrics(id)).items)).toEqual(all);
  expect((await weightsOf(client, id)).lineage.attempt).toBe(1);
});

/** All that must be the same after a crash; of the running job, what no longer changes. */
async function picture(running: string) {
  const { items } = await client.jobs.list({ sort: 'createdAt' });
  const over = items.filter((job) => job.id !== running);
  const { spec, attempts, state } = await client.jobs.get(running);
  return {
    over,
    running: { spec, attempts, state },
    metrics: await Promise.all(over.map((job) => client.jobs.metrics(job.id))),
    logs: await Promise.all(over.map((job) => client.jobs.logs(job.id))),
    datasets: (await client.datasets.list()).items,
    models: (await client.models.list()).items,
    endpoints: (await client.endpoints.list()).items,
    users: (await client.users.list()).items,
  };
}

it('ends with code 0 and leaves no process behind when it is stopped', async () => {
  expect(await platform.stop()).toBe(0);
  expect(platform.leftovers()).toEqual([]);
});
