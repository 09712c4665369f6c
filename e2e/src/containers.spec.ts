// Jobs with an image, through the whole platform, on a docker daemon of this test's own.
import type { BatonClient } from '@baton/sdk';
import { type Dockerd, startDockerd } from '@baton/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ended, run, shell } from './jobs.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

const IMAGE = 'baton-e2e:1';

let dockerd: Dockerd;
let platform: TestPlatform;
let admin: BatonClient;
let missing = '';
beforeAll(async () => {
  const started = await startDockerd();
  if (typeof started === 'string') return void (missing = started);
  dockerd = started;
  await dockerd.importBusybox(IMAGE);
  ({ platform, admin } = await startedPlatform({ BATON_DOCKER: dockerd.socket }));
});
beforeEach((context) => {
  if (missing !== '') context.skip(missing);
});
afterAll(async () => {
  await platform?.cleanUp();
  await dockerd?.stop();
});

it('run in it, on a node that says that it can, and pass the device on like any other', async () => {
  const told = async () =>
    expect((await admin.nodes.list()).items).toMatchObject([{ runtimes: ['process', 'docker'] }]);
  await vi.waitFor(told, { timeout: 60_000, interval: 50 });
  const environment = { image: IMAGE, shmSize: '2MiB' };
  const line = 'cat /etc/os-release 2>/dev/null || echo "not this server"; echo loss=0.5; echo x > $BATON_OUTPUT_DIR/x';
  const [first, process, second] = await Promise.all([
    admin.jobs.submit(shell(`sleep 1; ${line}`, { environment })),
    admin.jobs.submit(shell('echo a process')),
    admin.jobs.submit(shell(line, { environment })),
  ]);
  for (const { id } of [first, process, second]) expect(await ended(admin, id)).toMatchObject({ state: 'succeeded' });
  const job = await admin.jobs.get(first.id);
  expect(job.spec.environment).toEqual({ image: IMAGE, shmSizeBytes: 2 * 2 ** 20 });
  expect(job.attempts).toMatchObject([{ result: { finalMetrics: { loss: 0.5 }, artifacts: { fileCount: 1 } } }]);
  expect(await admin.jobs.logs(first.id)).toBe('not this server\nloss=0.5\n');
});

it('fail with the reason when the image has not what they need', async () => {
  const job = await run(admin, { command: ['python', 'train.py'], environment: { image: IMAGE } });
  expect(job).toMatchObject({ state: 'failed', attempts: [{ result: { reason: 'bad-input' } }] });
  expect(job.message).toContain('"python" was not found in the image');
});
