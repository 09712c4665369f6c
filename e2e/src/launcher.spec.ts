// `npm start` under trouble: what it refuses with clear words, what it restarts, what it leaves running and what it stops.
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { embeddedPlatform, freePort, scaleModel, temporaryFolder } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ended, run, shell, untilReleased, untilState } from './jobs.ts';
import { startedPlatform, platformOfTest, type TestPlatform } from './platform.ts';
import { problem, send as sendRaw } from './rest.ts';
import { fill, mounted } from './small-disk.ts';

const PARTS = ['agent', 'control', 'nats-server', 'serving'];

/** The launcher's words as it gives up. */
async function refusal(env: Readonly<Record<string, string>>): Promise<string> {
  const platform = await platformOfTest(env);
  const words = await platform.start().then(
    () => 'it started',
    (error: Error) => error.message,
  );
  expect(await platform.exited()).toBe(1);
  expect(platform.leftovers()).toEqual([]);
  // A sentence for people, no stack.
  expect(words).not.toMatch(/\n\s+at /);
  return words;
}

describe('refuses to start', () => {
  it('on a port that is in use, and names the setting', async () => {
    const taken = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    for (const setting of ['BATON_PORT', 'BATON_SERVING_PORT']) {
      const words = await refusal({ [setting]: String(port) });
      expect(words).toMatch(new RegExp(`Port ${port} is in use.*${setting}`));
    }
  });

  it('without nats-server, and says how to get it', async () => {
    const words = await refusal({ BATON_NATS_SERVER: '/nonexistent/nats-server' });
    expect(words).toContain('nats-server was not found (looked for "/nonexistent/nats-server")');
    expect(words).toContain('BATON_NATS_SERVER');
  });

  it('where nothing can be written', async () => {
    const words = await refusal({ BATON_HOME: '/proc/baton' });
    expect(words).toContain("The state folder /proc/baton can't be used");
    expect(words).toContain('BATON_HOME');
  });

  it('in a read-only state folder', async (context) => {
    const folder = await temporaryFolder('baton-e2e-readonly-');
    onTestFinished(() => folder.cleanup());
    // For root, permissions are no obstacle: only a file system is.
    if (process.getuid?.() !== 0) chmodSync(folder.path, 0o555);
    else if (!mounted(folder.path, 'ro,size=1m')) context.skip('a tmpfs could not be mounted');
    const words = await refusal({ BATON_HOME: folder.path });
    expect(words).toMatch(/can't be used: (it is on a read-only file system|this user may not write there)/);
  });

  it('in a state folder on a full disk', async (context) => {
    const folder = await temporaryFolder('baton-e2e-full-');
    onTestFinished(() => folder.cleanup());
    if (!mounted(folder.path, 'size=256k')) context.skip('a tmpfs could not be mounted: that takes root');
    fill(folder.path);
    expect(await refusal({ BATON_HOME: folder.path })).toContain('there is no space left on its disk');
  });
});

describe('while it runs', () => {
  let platform: TestPlatform;
  let client: BatonClient;

  beforeAll(async () => {
    ({ platform, admin: client } = await startedPlatform({ BATON_CPU_SLOTS: '4' }));
    writeFileSync(join(platform.files, 'scale.onnx'), scaleModel(2, 3));
    await client.models.create({ name: 'scale' });
    const { uploadId } = await client.upload(join(platform.files, 'scale.onnx'));
    await client.models.addVersion('scale', { uploads: [uploadId] });
    await client.endpoints.create({ name: 'scale', model: 'scale', visibility: 'everyone' });
  });
  afterAll(() => platform.cleanUp());

  it('runs each part as a process of its own', () => {
    expect(Object.keys(platform.parts()).toSorted()).toEqual(PARTS);
  });

  it('keeps a second launcher off its state folder', async () => {
    const second = embeddedPlatform({
      home: platform.home,
      port: await freePort(),
      servingPort: await freePort(),
    });
    await expect(second.start()).rejects.toThrow(/Another Baton is running on .*BATON_HOME/);
    expect(await second.exited()).toBe(1);
    expect(await run(client, shell('exit 0'))).toMatchObject({ state: 'succeeded' });
  });

  it.each(PARTS)('starts %s again when it is killed, and all works as before', async (part) => {
    const before = platform.parts()[part];
    platform.killPart(part);
    await vi.waitFor(
      () => {
        const now = platform.parts()[part];
        expect(now).toBeDefined();
        expect(now).not.toBe(before);
      },
      { timeout: 60_000, interval: 20 },
    );
    expect(platform.output).toContain(`${part} was ended by SIGKILL; started again in`);
    expect(await run(client, shell('echo fine'))).toMatchObject({ state: 'succeeded' });
    await vi.waitFor(async () => expect(await inferred()).toEqual([2, 4, 6]), { timeout: 60_000, interval: 50 });
    expect((await fetch(`${platform.url}/readyz`)).status).toBe(200);
  });

  async function inferred(): Promise<unknown> {
    const body = { inputs: [{ name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] }] };
    const response = await fetch(`${platform.servingUrl}/v2/models/scale/infer`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return ((await response.json()) as { outputs?: { data: number[] }[] }).outputs?.[0]?.data;
  }

  it('answers a command in flight with 503 and Retry-After when nats-server dies under it, and it takes effect once', async () => {
    const headers = { 'idempotency-key': 'in-flight-when-nats-died' };
    const spec = shell('exit 0', { name: 'in-flight' });
    // A fresh token: the gateway knows it for the next seconds without asking.
    const { token } = await client.tokens.create({ label: 'in-flight' });
    const submit = () => sendRaw(platform.url, '/api/v1/jobs', { token, body: spec, headers });
    expect((await sendRaw(platform.url, '/api/v1/jobs', { token })).status).toBe(200);
    // Standing still, nats-server leaves the command under way; then it dies.
    process.kill(platform.parts()['nats-server'] ?? 0, 'SIGSTOP');
    const inFlight = submit();
    await vi.waitFor(async () => expect(await submit()).toMatchObject(problem(409, 'request_in_flight')), {
      timeout: 60_000,
    });
    platform.killPart('nats-server');
    const answer = await inFlight;
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.json).toMatchObject({ code: expect.stringMatching(/unavailable|outcome_unknown/) });

    const { id } = await client.jobs.submit(spec, { idempotencyKey: headers['idempotency-key'] });
    expect(await ended(client, id)).toMatchObject({ state: 'succeeded' });
    expect((await client.jobs.list({ name: 'in-flight' })).items.map((job) => job.id)).toEqual([id]);
  });

  it('carries every submission out exactly once through two deaths of nats-server', { timeout: 60_000 }, async () => {
    const submitted = new Map<string, string>();
    for (let round = 0; round < 2; round += 1) {
      const keys = Array.from({ length: 8 }, (_, index) => `storm-${round}-${index}`);
      const answers = keys.map(async (key) => {
        const { id } = await client.jobs.submit(shell('exit 0', { name: key }), { idempotencyKey: key });
        submitted.set(key, id);
      });
      platform.killPart('nats-server');
      await Promise.all(answers);
    }
    const stormJobs = async () => {
      const { items } = await client.jobs.list({ limit: 1_000 });
      return items.filter((job) => job.name.startsWith('storm-'));
    };
    // The read model may be a moment behind; a submission carried out twice would stay.
    await vi.waitFor(async () => expect((await stormJobs()).length).toBe(submitted.size), { timeout: 60_000 });
    const storm = await stormJobs();
    expect(Object.fromEntries(storm.map((job) => [job.name, job.id]))).toEqual(Object.fromEntries(submitted));
    for (const { id } of storm) expect(await ended(client, id)).toMatchObject({ state: 'succeeded' });
  });

  it('stops with code 0 and leaves no process behind', async () => {
    expect(await platform.stop()).toBe(0);
    expect(platform.leftovers()).toEqual([]);
  });
});

it('stops in order when whoever read its words is gone', async () => {
  const unread = await platformOfTest();
  await unread.start();
  unread.release();
  unread.signal('SIGTERM');
  expect(await unread.exited()).toBe(0);
  expect(unread.leftovers()).toEqual([]);
});

describe('Ctrl-C', () => {
  let platform: TestPlatform;
  let client: BatonClient;
  let jobId: string;

  beforeAll(async () => {
    ({ platform, admin: client } = await startedPlatform());
    const command = untilReleased(['echo', 'begun'], join(platform.files, 'release'));
    jobId = (await client.jobs.submit({ name: 'long', ...command })).id;
    await untilState(client, jobId, 'running');
  });
  afterAll(() => platform.cleanUp());

  const jobProcesses = () => platform.leftovers().filter(({ command }) => command.includes('RELEASE_FILE'));

  it('leaves a running job running at the first one, and says so', async () => {
    platform.signal('SIGINT');
    expect(await platform.exited()).toBe(0);
    expect(platform.output).toMatch(/1 running job goes on and will be found at the next start/);
    expect(platform.output).toContain('Press Ctrl-C again to stop it too');
    expect(jobProcesses().length).toBeGreaterThan(0);
    expect(platform.leftovers().every(({ command }) => command.includes('RELEASE_FILE') || isSleep(command))).toBe(
      true,
    );
  });

  it('finds the job at the next start, in its first attempt', async () => {
    await platform.start();
    expect(await client.jobs.get(jobId)).toMatchObject({ state: 'running', attempts: [{ attempt: 1, result: null }] });
    expect(platform.output).not.toContain('one-time token');
  });

  it('stops the job too at the second one', async () => {
    platform.signal('SIGINT');
    await vi.waitFor(() => expect(platform.output).toContain('Press Ctrl-C again'), { timeout: 60_000 });
    platform.signal('SIGINT');
    expect(await platform.exited()).toBe(0);
    expect(platform.leftovers()).toEqual([]);
  });

  it('knows at the next start that the job was stopped, and goes on with the queue', async () => {
    await platform.start();
    const job = await ended(client, jobId);
    expect(job.attempts.length).toBe(1);
    expect(await run(client, shell('exit 0'))).toMatchObject({ state: 'succeeded' });
    expect(await platform.stop()).toBe(0);
    expect(platform.leftovers()).toEqual([]);
  });

  const isSleep = (command: string) => command.startsWith('sleep ');
});
