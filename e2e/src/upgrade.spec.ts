// An update of the platform: what an earlier release has written is all there, and jobs that it has started go on under the next one.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RELEASE, temporaryFolder } from '@baton/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { counting, expectWhole } from './counting-jobs.ts';
import { ended, run, shell, untilState } from './jobs.ts';
import { ADMIN, logIn, signUpAdmin } from './people.ts';
import { platformOfTest } from './platform.ts';
import { SecondNode } from './second-node.ts';

/** Made by `golden/make-home.mjs` of an earlier release, with one job in each state; then everything was killed. */
const GOLDEN = fileURLToPath(new URL('../golden/home.tar.gz', import.meta.url));

it('has all that an earlier release has written, and carries out what that had begun', async () => {
  const folder = await temporaryFolder('baton-e2e-golden-');
  onTestFinished(() => folder.cleanup());
  execFileSync('tar', ['-xzf', GOLDEN, '-C', folder.path]);
  const platform = await platformOfTest({ BATON_HOME: folder.path });
  await platform.start();
  const client = await logIn(platform.url, ADMIN);
  const byName = new Map((await client.jobs.list()).items.map((job) => [job.name, job]));
  expect([...byName.keys()].toSorted((a, b) => a.localeCompare(b))).toEqual([
    'done',
    'failed',
    'held',
    'queued',
    'running',
  ]);
  const id = (name: string) => byName.get(name)?.id ?? '';

  expect(await client.jobs.get(id('done'))).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
  expect(await client.jobs.logs(id('done'))).toBe('step=1 loss=0.5\n100\n');
  expect((await client.jobs.metrics(id('done'))).items).toMatchObject([{ step: 1, values: { loss: 0.5 } }]);
  expect(await (await client.jobs.artifact(id('done'), 'lines.txt')).text()).toBe('100\n');
  expect(await client.jobs.get(id('failed'))).toMatchObject({
    state: 'failed',
    attempts: [{ result: { exitCode: 3 } }],
  });
  expect((await client.groups.list()).items).toMatchObject([{ name: 'vision' }]);
  expect((await client.secrets.list()).items).toMatchObject([{ name: 'KEY' }]);
  const numbers = await client.datasets.file('numbers', 1, 'numbers.txt');
  expect(await numbers.text()).toBe('1 2 3\n'.repeat(100));

  // Its server was restarted, so to say: it is the platform's loss, and not the job's.
  const again = await ended(client, id('running'));
  expect(again).toMatchObject({ state: 'succeeded', counters: { infrastructureLosses: 1, userFailures: 0 } });
  expect(await ended(client, id('queued'))).toMatchObject({ state: 'succeeded' });
  expect(await client.jobs.logs(id('queued'))).toBe('in the end\n');
  expect((await client.jobs.get(id('held'))).state).toBe('queued');
  await client.jobs.release(id('held'));
  expect(await ended(client, id('held'))).toMatchObject({ state: 'succeeded' });
});

/** `BATON_PREVIOUS_RELEASE`: the bundle of an earlier checkout; else the present one under another name. Gone when it is replaced. */
function previousRelease(): { readonly path: string; remove(): void } {
  const path = join(dirname(RELEASE), `bundle-previous-${process.pid}`);
  const remove = () => rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  cpSync(process.env['BATON_PREVIOUS_RELEASE'] ?? RELEASE, path, { recursive: true });
  onTestFinished(remove);
  return { path, remove };
}

it('finds running jobs again, here and on a second server, when platform and agents are replaced under them', async () => {
  const previous = previousRelease();
  const platform = await platformOfTest({ BATON_NODE_NAME: 'first' });
  platform.install(previous.path);
  await platform.start();
  const admin = await signUpAdmin(platform);
  const second = await SecondNode.join(admin, platform.url, {}, previous.path);
  onTestFinished(() => second.end());
  const file = join(platform.files, 'release');
  const jobs: string[] = [];
  for (const node of ['first', 'second']) jobs.push((await admin.jobs.submit(counting(file, { node }))).id);
  for (const id of jobs) await untilState(admin, id, 'running');
  const queued = await admin.jobs.submit(shell('echo next', { node: 'first' }));

  expect(await platform.stop()).toBe(0);
  await second.stop('SIGTERM');
  previous.remove();
  platform.install();
  await platform.start();
  await second.startAgain(RELEASE);
  for (const id of jobs)
    expect(await admin.jobs.get(id)).toMatchObject({ state: 'running', attempts: [{ attempt: 1 }] });
  writeFileSync(file, '');
  for (const id of jobs) await expectWhole(admin, await ended(admin, id));
  expect(await ended(admin, queued.id)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
  expect((await run(admin, shell('true', { node: 'second' }))).state).toBe('succeeded');
});
