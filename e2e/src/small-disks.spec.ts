// Each part of the state on a small disk of its own, which fills up or becomes read-only: clear words, nothing acknowledged lost, and on it goes.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { JobView } from '@baton/contracts';
import type { BatonClient } from '@baton/sdk';
import { powerCutDisk, type PowerCutDisk, temporaryFolder } from '@baton/testkit';
import { expect, it, onTestFinished, type TestContext, vi } from 'vitest';
import { counting, expectWhole } from './counting-jobs.ts';
import { ended, run, shell, untilState } from './jobs.ts';
import { signUpAdmin } from './people.ts';
import { platformOfTest, type TestPlatform } from './platform.ts';
import { type Answer, send, sender } from './rest.ts';
import { fill, mounted } from './small-disk.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };

interface Stage {
  readonly disk: string;
  readonly platform: TestPlatform;
  readonly client: BatonClient;
  /** Counts until it is released. */
  readonly jobId: string;
  readonly release: () => void;
}

/** A platform whose folder of that name is a file system of its own. */
async function stage(context: TestContext, name: string, size: string): Promise<Stage> {
  const disk = await placeOf(name);
  mkdirSync(disk);
  if (!mounted(disk, `size=${size},mode=755`)) context.skip('a tmpfs could not be mounted: that takes root');
  return started(disk);
}

/** The same, and the disk may fail whoever has files open on it. */
async function stageOnFailing(context: TestContext, name: string): Promise<Stage & { readonly failing: PowerCutDisk }> {
  // Not below the home: whoever ends what has to do with that does not mean the disk.
  const below = await temporaryFolder('baton-e2e-below-');
  onTestFinished(() => below.cleanup());
  const made = await powerCutDisk(await placeOf(name), { names: 'journaled', below: below.path });
  if (made.disk === null) return context.skip(made.why);
  const failing = made.disk;
  onTestFinished(() => failing.destroy());
  return { ...(await started(failing.path)), failing };
}

async function placeOf(name: string): Promise<string> {
  const folder = await temporaryFolder('baton-e2e-disk-');
  onTestFinished(() => folder.cleanup());
  return join(folder.path, name);
}

async function started(disk: string): Promise<Stage> {
  const platform = await platformOfTest({ BATON_HOME: dirname(disk), BATON_CPU_SLOTS: '2' });
  await platform.start();
  const client = await signUpAdmin(platform);
  await client.datasets.create({ name: 'before' });
  const file = join(platform.files, 'release');
  const { id: jobId } = await client.jobs.submit(counting(file));
  await untilState(client, jobId, 'running');
  return { disk, platform, client, jobId, release: () => writeFileSync(file, '') };
}

/**
 * As the kernel makes a disk read-only that has failed. While files are open for writing it refuses to do so on demand: it is done
 * between two lives of the part that has them open.
 */
async function makeReadOnly({ disk, platform }: Stage, ...parts: readonly string[]): Promise<void> {
  platform.signal('SIGSTOP');
  for (const part of parts) platform.killPart(part);
  const living = () => Object.keys(platform.parts()).filter((part) => parts.includes(part));
  await vi.waitFor(() => expect(living()).toEqual([]), PATIENCE);
  // What they had open is closed a moment after they are gone.
  await vi.waitFor(() => execFileSync('mount', ['-o', 'remount,ro', disk], { stdio: 'ignore' }), PATIENCE);
  platform.signal('SIGCONT');
}
const makeWritable = ({ disk }: Stage) => execFileSync('mount', ['-o', 'remount,rw', disk]);

/** What it is refused with is for people: a known code, and no path of the program. */
function expectReadable({ status, json }: Answer): void {
  expect([503, 507]).toContain(status);
  const { code, detail } = json as { code: string; detail: string };
  expect(['storage_full', 'unavailable', 'outcome_unknown']).toContain(code);
  expect(detail).not.toMatch(/\n\s+at |ENOSPC|EROFS|SQLITE/);
}

/** All is as it was, work is done, and the job that ran all the while has lost nothing. */
async function expectRecovered(
  { platform, client, jobId, release }: Stage,
  datasets: readonly string[],
): Promise<void> {
  await vi.waitFor(async () => expect((await send(platform.url, '/readyz')).status).toBe(200), PATIENCE);
  expect((await run(client, shell('echo after'))).state).toBe('succeeded');
  await vi.waitFor(async () => {
    const { items } = await client.datasets.list();
    expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining([...datasets]));
  }, PATIENCE);
  release();
  await expectWhole(client, await ended(client, jobId));
}

/** Datasets until one is refused. Gives those that were acknowledged, and the refusal; null if none came. */
async function createUntilRefused(
  client: BatonClient,
  most: number,
): Promise<{ made: string[]; refusal: Answer | null }> {
  const made = ['before'];
  for (let index = 0; index < most; index += 1) {
    const name = `during-${index}`;
    const answer = await sender(client)('/api/v1/datasets', { body: { name } });
    if (answer.status !== 201) return { made, refusal: answer };
    made.push(name);
  }
  return { made, refusal: null };
}

/** In one request, whose bytes come to the disk and whose end is refused. Gives where it goes on. */
async function uploadUntilRefused(client: BatonClient, path: string): Promise<string> {
  const bytes = readFileSync(path);
  const tus = { 'tus-resumable': '1.0.0' };
  const metadata = `filename ${Buffer.from(basename(path)).toString('base64')}`;
  const { headers } = await sender(client)('/files', {
    method: 'POST',
    headers: { ...tus, 'upload-length': String(bytes.length), 'upload-metadata': metadata },
  });
  const url = new URL(headers.get('location') ?? '', client.http.base);
  const patch = { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
  expectReadable(await sender(client)(url.pathname, { method: 'PATCH', headers: patch, body: bytes }));
  const told = await sender(client)(url.pathname, { method: 'HEAD', headers: tus });
  expect(told.headers.get('upload-offset')).toBe(String(bytes.length));
  return url.href;
}

/** Of a file in the newest version of the dataset. */
async function contentOf(client: BatonClient, file: string): Promise<Buffer> {
  const { latestVersion } = await client.datasets.get('before');
  return Buffer.from(await (await client.datasets.file('before', latestVersion, file)).arrayBuffer());
}

function expectOnce(job: JobView): void {
  expect(job).toMatchObject({ state: 'succeeded', counters: { userFailures: 0, infrastructureLosses: 0 } });
  expect(job.attempts).toHaveLength(1);
}

it('refuses commands while the log is on a read-only disk, and takes them when it can be written again', async (context) => {
  const scene = await stage(context, 'nats', '192m');
  await makeReadOnly(scene, 'nats-server');
  const { platform } = scene;
  await vi.waitFor(
    () => expect(platform.output).toMatch(/nats-server (exited|was ended)[^]*nats-server (exited|was ended)/),
    PATIENCE,
  );
  const { made, refusal } = await createUntilRefused(scene.client, 20);
  if (refusal === null) throw new Error('nothing was refused');
  expectReadable(refusal);
  makeWritable(scene);
  await expectRecovered(scene, made);
});

it('records commands while the read models are on a full disk, and shows them afterwards', async (context) => {
  const scene = await stage(context, 'read', '24m');
  const filler = fill(scene.disk);
  const { made, refusal } = await createUntilRefused(scene.client, 10);
  if (refusal !== null) expectReadable(refusal);
  rmSync(filler);
  await expectRecovered(scene, made);
});

it('does not start on read models that are on a read-only disk, says so, and starts by itself when they can be written', async (context) => {
  const scene = await stage(context, 'read', '24m');
  const { platform } = scene;
  await makeReadOnly(scene, 'control', 'serving');
  await vi.waitFor(() => expect(platform.output).toMatch(/control exited with code 1; started again/), PATIENCE);
  expect(readFileSync(join(platform.home, 'logs', 'control.log'), 'utf8')).toMatch(
    /The read models can not be written to .*: its disk is read-only\./,
  );
  makeWritable(scene);
  await expectRecovered(scene, ['before']);
});

it('refuses an upload while the blobs are on a full disk, and finishes it later; what a job leaves stays on its node', async (context) => {
  const scene = await stage(context, 'blobs', '16m');
  const { client, platform } = scene;
  const filler = fill(scene.disk);
  const { id } = await client.jobs.submit(shell('head -c 100000 /dev/zero > "$BATON_OUTPUT_DIR/zeros"'));
  const content = randomBytes(300_000);
  const path = join(platform.files, 'data.bin');
  writeFileSync(path, content);
  const giveUp = AbortSignal.timeout(3_000);
  await expect(client.upload(path, { signal: giveUp })).rejects.toThrow(/aborted/);
  // It says so, and the node keeps what it could not store.
  expect((await ended(client, id)).message).toMatch(/space/);
  const kept = join(platform.home, 'agent', 'attempts', `${id}.1`, 'output', 'zeros');
  expect(readFileSync(kept)).toHaveLength(100_000);
  rmSync(filler);
  const { uploadId } = await client.upload(path);
  await client.datasets.addVersion('before', { uploads: [uploadId] });
  const stored = await client.datasets.file('before', 1, 'data.bin');
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  expect(digest(new Uint8Array(await stored.arrayBuffer()))).toBe(digest(content));
  await expectRecovered(scene, ['before']);
});

it('leaves a running job alone while the folder of the agent is on a full disk, and starts the next one when there is room', async (context) => {
  const scene = await stage(context, 'agent', '48m');
  const { client, disk } = scene;
  const filler = fill(disk);
  const { id } = await client.jobs.submit(shell('echo late'));
  await vi.waitFor(
    async () => expect(await client.jobs.get(id)).toMatchObject({ attempts: [{ attempt: 1 }] }),
    PATIENCE,
  );
  rmSync(filler);
  expect((await ended(client, id)).state).toBe('succeeded');
  scene.release();
  expect(await ended(client, scene.jobId)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
});

it('refuses uploads while the disk of the blobs is read-only, keeps what jobs leave, and finishes both when it can be written', async (context) => {
  const { failing, ...scene } = await stageOnFailing(context, 'blobs');
  const { client, platform } = scene;
  const [kept, late] = ['kept', 'late'].map((name) => join(platform.files, name)) as [string, string];
  for (const path of [kept, late]) writeFileSync(path, randomBytes(300_000));
  await client.datasets.addVersion('before', { uploads: [(await client.upload(kept)).uploadId] });
  await failing.makeReadOnly();
  const { id } = await client.jobs.submit(shell('echo 1 > "$BATON_OUTPUT_DIR/result"'));
  const uploadUrl = await uploadUntilRefused(client, late);
  const { made } = await createUntilRefused(client, 3);
  expect(made).toHaveLength(4);
  const { uploadId } = await client.upload(kept);
  expectReadable(await sender(client)('/api/v1/datasets/before/versions', { body: { uploads: [uploadId] } }));
  const agentLog = () => readFileSync(join(platform.home, 'logs', 'agent.log'), 'utf8');
  await vi.waitFor(() => expect(agentLog()).toMatch(/read-only.*the artifacts can not be stored now/), PATIENCE);
  platform.killPart('control');
  await vi.waitFor(async () => expect(await contentOf(client, 'kept')).toEqual(readFileSync(kept)), PATIENCE);
  expect(await client.jobs.get(id)).toMatchObject({ state: 'stopping' });
  await failing.makeWritable();
  expect((await ended(client, id)).state).toBe('succeeded');
  expect(await (await client.jobs.artifact(id, 'result')).text()).toBe('1\n');
  const upload = await client.upload(late, { uploadUrl });
  await client.datasets.addVersion('before', { uploads: [upload.uploadId] });
  expect(await contentOf(client, 'late')).toEqual(readFileSync(late));
  await expectRecovered(scene, made);
});

it('goes on with its jobs and says what is wrong while the disk of the agent is read-only, and with all else when it can be written', async (context) => {
  const { failing, ...scene } = await stageOnFailing(context, 'agent');
  const { client, platform, jobId } = scene;
  const gate = join(platform.files, 'gate');
  const over = join(platform.files, 'over');
  const { id: ending } = await client.jobs.submit(
    shell(`while [ ! -e ${gate} ]; do sleep 0.1; done; echo 1 >> ${over}`),
  );
  await untilState(client, ending, 'running');
  await failing.makeReadOnly();
  const { id: waiting } = await client.jobs.submit(shell('echo late'));
  await vi.waitFor(
    () => expect(platform.output).toMatch(/agent exited.*\n.*The agent can not write to .*: its disk is read-only\./),
    PATIENCE,
  );
  await vi.waitFor(
    async () => expect(await client.jobs.get(jobId)).toMatchObject({ flags: { unreachable: true } }),
    PATIENCE,
  );
  // One ends now: that is told when it can be written down.
  writeFileSync(gate, '');
  await vi.waitFor(() => expect(readFileSync(over, 'utf8')).toBe('1\n'), PATIENCE);
  const { id: latest } = await client.jobs.submit(shell('echo latest'));
  const unheard = { waiting: { code: 'node-unreachable' } };
  await vi.waitFor(async () => expect(await client.jobs.get(latest)).toMatchObject(unheard), PATIENCE);
  expect(await client.jobs.get(waiting)).toMatchObject({ state: 'assigned', flags: { unreachable: true } });
  expect(readFileSync(join(platform.home, 'logs', 'agent.log'), 'utf8')).not.toMatch(/\n +at /);
  await failing.makeWritable();
  for (const id of [ending, waiting, latest]) expectOnce(await ended(client, id));
  expect(readFileSync(over, 'utf8')).toBe('1\n');
  scene.release();
  expectOnce(await ended(client, jobId));
});
