// Every read model as it was at a time in the past, over REST and on the command line, with the rights that the reader has today.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { batonJson } from './command-line.ts';
import { run, shell } from './jobs.ts';
import { inviteUser } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let admin: BatonClient;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
});
afterAll(() => platform.cleanUp());

const as = (client: BatonClient, at: number | string) =>
  new BatonClient({ url: platform.url, token: client.http.token ?? '', at: String(at) });

/** A time that nothing happens at, with something before it and after it. */
async function between(): Promise<number> {
  await sleep(20);
  const now = Date.now();
  await sleep(20);
  return now;
}

it('shows users, groups, datasets, models, endpoints, nodes and jobs as they were', async () => {
  const nothing = await between();
  const ada = await inviteUser(admin, 'ada');
  const file = join(platform.files, 'data.txt');
  writeFileSync(file, 'data');
  const { uploadId } = await ada.upload(file);
  await ada.datasets.create({ name: 'numbers', description: 'before', visibility: 'everyone' });
  await ada.datasets.addVersion('numbers', { uploads: [uploadId] });
  await ada.models.create({ name: 'code' });
  await ada.groups.create('vision');
  const job = await ada.jobs.submit(shell('true', { name: 'early', hold: true }));
  const early = await between();
  await ada.datasets.update('numbers', { description: 'after' });
  await ada.models.delete('code');
  await ada.groups.addMember('vision', 'admin@example.com');
  await ada.jobs.cancel(job.id);
  const late = await run(ada, shell('true', { name: 'late' }));
  const bob = await inviteUser(admin, 'bob');

  const [then, before] = [as(ada, early), as(ada, nothing)];
  expect(await then.datasets.get('numbers')).toMatchObject({ description: 'before', latestVersion: 1 });
  expect((await ada.datasets.get('numbers')).description).toBe('after');
  expect((await before.datasets.list()).items).toEqual([]);
  expect((await then.models.list()).items).toMatchObject([{ name: 'code' }]);
  await expect(ada.models.get('code')).rejects.toMatchObject({ code: 'not_found' });
  expect((await then.groups.list()).items).toMatchObject([{ name: 'vision', members: [{ role: 'owner' }] }]);
  expect((await then.jobs.get(job.id)).state).toBe('queued');
  expect((await then.jobs.list()).items.map(({ name }) => name)).toEqual(['early']);
  await expect(then.jobs.get(late.id)).rejects.toMatchObject({ code: 'not_found' });
  expect((await then.nodes.list()).items).toHaveLength(1);
  expect((await then.endpoints.list()).items).toEqual([]);
  expect((await as(admin, early).users.list()).items.map(({ name }) => name).toSorted()).toEqual(['Admin', 'ada']);
  expect((await as(admin, 'position:1').jobs.list()).items).toMatchObject([{ id: job.id, state: 'queued' }]);

  // By what the reader may today: it was for everyone, and is Ada's alone now.
  expect((await as(bob, early).datasets.list()).items).toHaveLength(1);
  await ada.datasets.update('numbers', { visibility: 'private' });
  expect((await as(bob, early).datasets.list()).items).toEqual([]);
  await expect(as(bob, early).datasets.get('numbers')).rejects.toMatchObject({ code: 'not_found' });
  expect((await as(bob, early).jobs.list()).items).toEqual([]);

  const invalid = { code: 'invalid_input', status: 400 };
  await expect(as(ada, Date.now() + 60_000).jobs.list()).rejects.toMatchObject(invalid);
  await expect(as(ada, 5).jobs.list()).rejects.toMatchObject(invalid);
  await expect(as(ada, 'position:999999').jobs.list()).rejects.toMatchObject(invalid);
  await expect(as(ada, 'yesterday').jobs.list()).rejects.toMatchObject(invalid);
  await expect(as(ada, early).tokens.list()).rejects.toMatchObject(invalid);

  const at = ['--at', new Date(early).toISOString()];
  expect(await batonJson(['job', 'list', ...at], admin)).toMatchObject([{ name: 'early', state: 'queued' }]);
  expect(await batonJson(['job', 'show', job.id, '--at', 'position:1'], admin)).toMatchObject({ state: 'queued' });
  expect(await batonJson(['dataset', 'show', 'numbers@1', ...at], admin)).toMatchObject({
    version: 1,
    files: [{ path: 'data.txt' }],
  });
  expect(await batonJson(['model', 'list', ...at], admin)).toMatchObject([{ name: 'code' }]);
  expect(await batonJson(['group', 'show', 'vision', ...at], admin)).toMatchObject({ members: [{ role: 'owner' }] });
  expect(await batonJson<object[]>(['user', 'list', ...at], admin)).toHaveLength(2);
  expect(await batonJson<object[]>(['node', 'list', ...at], admin)).toHaveLength(1);
}, 120_000);
