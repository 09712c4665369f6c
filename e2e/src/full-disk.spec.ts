// The platform on a disk that fills up: refuses in clear words, loses nothing, and goes on by itself when there is room.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { temporaryFolder } from '@baton/testkit';
import { expect, it, onTestFinished, type TestContext, vi } from 'vitest';
import { ended, shell, untilReleased, untilState } from './jobs.ts';
import { signUpAdmin } from './people.ts';
import { platformOfTest, type TestPlatform } from './platform.ts';
import { problem, send, sender } from './rest.ts';
import { fill, mounted } from './small-disk.ts';

interface Stage {
  /** The file system's root; the home is a folder on it. */
  readonly disk: string;
  readonly platform: TestPlatform;
  readonly client: BatonClient;
  /** A job that runs until it is released. */
  readonly jobId: string;
  readonly release: () => void;
}

async function stage(context: TestContext): Promise<Stage> {
  const folder = await temporaryFolder('baton-e2e-filling-');
  onTestFinished(() => folder.cleanup());
  if (!mounted(folder.path, 'size=256m')) context.skip('a tmpfs could not be mounted: that takes root');
  const home = join(folder.path, 'home');
  mkdirSync(home);
  const platform = await platformOfTest({ BATON_HOME: home });
  await platform.start();
  const client = await signUpAdmin(platform);
  await client.datasets.create({ name: 'before' });
  const releaseFile = join(platform.files, 'release');
  const { id: jobId } = await client.jobs.submit(untilReleased(['true'], releaseFile));
  await untilState(client, jobId, 'running');
  return { disk: folder.path, platform, client, jobId, release: () => writeFileSync(releaseFile, '') };
}

async function expectRefusals({ platform, client }: Stage): Promise<void> {
  const refused = await sender(client)('/api/v1/datasets', { body: { name: 'during' } });
  expect(refused).toMatchObject(problem(507, 'storage_full', { detail: expect.stringContaining('BATON_HOME') }));
  expect(refused.headers.get('content-type')).toContain('application/problem+json');
  await expect(client.jobs.submit(shell('exit 0'))).rejects.toMatchObject({ status: 507, code: 'storage_full' });
  const readiness = await send(platform.url, '/readyz');
  expect(readiness).toMatchObject(problem(503, 'unavailable', { detail: expect.stringContaining('disk is full') }));
  expect((await send(platform.url, '/livez')).status).toBe(200);
  expect((await client.datasets.list()).items.map(({ name }) => name)).toEqual(['before']);
}

async function expectWork({ platform, client, jobId, release }: Stage): Promise<void> {
  await vi.waitFor(async () => expect((await send(platform.url, '/readyz')).status).toBe(200), { timeout: 60_000 });
  await client.datasets.create({ name: 'after' });
  const { items } = await client.datasets.list();
  expect(items.map(({ name }) => name).toSorted()).toEqual(['after', 'before']);
  release();
  // With one slot, the second one shows that the queue goes on.
  const { id } = await client.jobs.submit(shell('exit 0'));
  expect(await ended(client, jobId)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
  expect(await ended(client, id)).toMatchObject({ state: 'succeeded' });
}

it('refuses what it can not record while little room is left, and takes what agents tell when there is more', async (context) => {
  const scene = await stage(context);
  const { platform, client, jobId } = scene;
  const natsServer = platform.parts()['nats-server'];
  const filler = fill(scene.disk, 16 * 2 ** 20);
  await expectRefusals(scene);
  scene.release();
  // The end is known to the agent, and not to the log.
  const agentLog = () => readFileSync(join(platform.home, 'logs', 'agent.log'), 'utf8');
  await vi.waitFor(() => expect(agentLog()).toContain('facts were not taken'), { timeout: 60_000 });
  expect(await client.jobs.get(jobId)).toMatchObject({ state: 'running' });
  await vi.waitFor(() => expect(platform.output).toContain('is full: commands are refused'), { timeout: 60_000 });
  rmSync(filler);
  await expectWork(scene);
  // Nothing had to be started again.
  expect(platform.parts()['nats-server']).toBe(natsServer);
  await vi.waitFor(() => expect(platform.output).toContain('There is room again'), { timeout: 60_000 });
});

it('starts nats-server again when it has stopped writing on a full disk, and leaves jobs and all that was acknowledged alone', async (context) => {
  const scene = await stage(context);
  const { platform } = scene;
  const { 'nats-server': natsServer, ...others } = platform.parts();
  const filler = fill(scene.disk);
  await expectRefusals(scene);
  expect(await published(platform)).toBe(false);
  rmSync(filler);
  await expectWork(scene);
  expect(platform.output).toMatch(/nats-server had stopped writing \(.*no space left on device\)/);
  const { 'nats-server': restarted, ...same } = platform.parts();
  expect(restarted).not.toBe(natsServer);
  expect(same).toEqual(others);

  await platform.stop();
  const again = fill(scene.disk, 16 * 2 ** 20);
  await expect(platform.start()).rejects.toThrow(/there is no space left on its disk\. Free some space/);
  rmSync(again);
  await platform.start();
  expect((await scene.client.datasets.list()).items.length).toBe(2);
});

/** Whether nats-server acknowledges a message to the log of events; a failed write leaves it silent. */
function published({ home }: TestPlatform): Promise<boolean> {
  const port = /listen: "127\.0\.0\.1:(\d+)"/.exec(readFileSync(join(home, 'secrets', 'nats.conf'), 'utf8'))?.[1];
  const pass = readFileSync(join(home, 'secrets', 'nats-dataset'), 'utf8').trim();
  // A subject that nothing is read from.
  const message = 'x'.repeat(64 * 1_024);
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    socket.write(`CONNECT ${JSON.stringify({ user: 'dataset', pass, verbose: false, pedantic: false })}\r\n`);
    socket.write(
      `SUB _INBOX.dataset.test 1\r\nPUB evt.name.test _INBOX.dataset.test ${message.length}\r\n${message}\r\n`,
    );
    socket.on('data', (chunk) => chunk.includes('MSG _INBOX.dataset.test') && resolve(true));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('close', () => resolve(false));
  });
}
