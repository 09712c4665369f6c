// Every read model as it was at a time in the past, over REST and on the command line, with the rights that the reader has today.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { baton, batonJson } from './command-line.ts';
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
  await expect(as(ada, early).queue.stats()).rejects.toMatchObject(invalid);

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

it('shows tokens, secrets, policy and reservations as they were, to those who are shown them today', async () => {
  const [cora, dan] = [await inviteUser(admin, 'cora'), await inviteUser(admin, 'dan')];
  const [node] = (await admin.nodes.list()).items;
  const before = await between();
  await cora.secrets.set('HF_TOKEN', 'a value that nobody sees');
  const { id: tokenId } = await cora.tokens.create({ label: 'ci' });
  await admin.policy.apply({ order: 'fifo' }, { comment: 'exams' });
  const wanted = { node: node?.name ?? '', repair: true, for: '1h', reason: 'new fans' };
  const { id: booked } = await admin.reservations.create(wanted);
  const then = await between();
  await cora.secrets.delete('HF_TOKEN');
  await cora.secrets.set('OTHER', 'x');
  await cora.tokens.revoke(tokenId);
  await admin.policy.apply({ order: 'las' });
  await admin.reservations.cancel(booked);

  const namesOf = ({ items }: { items: readonly { name: string }[] }) => items.map(({ name }) => name);
  const secretsThen = await as(cora, then).secrets.list();
  expect([namesOf(secretsThen), namesOf(await cora.secrets.list())]).toEqual([['HF_TOKEN'], ['OTHER']]);
  expect(JSON.stringify(secretsThen)).not.toContain('nobody sees');
  const tokensThen = (await as(cora, then).tokens.list({ sort: 'createdAt' })).items;
  expect(tokensThen).toMatchObject([{ kind: 'session' }, { id: tokenId, label: 'ci', revoked: false }]);
  expect((await as(cora, before).tokens.list()).items).toMatchObject([{ kind: 'session' }]);
  expect(await as(cora, then).policy.get()).toMatchObject({ version: 1, comment: 'exams', policy: { order: 'fifo' } });
  expect(await as(cora, before).policy.get()).toMatchObject({ version: 0, at: null });
  expect((await as(cora, then).policy.versions()).items.map(({ version }) => version)).toEqual([1, 0]);
  await expect(as(cora, then).policy.get({ version: 2 })).rejects.toMatchObject({ code: 'not_found' });
  const reserved = { id: booked, state: 'current', cancelled: null, nodeName: node?.name };
  expect((await as(cora, then).reservations.list({ node: wanted.node })).items).toMatchObject([reserved]);
  expect(await as(cora, then).reservations.get(booked)).toMatchObject(reserved);
  expect(await cora.reservations.get(booked)).toMatchObject({ state: 'cancelled' });
  await expect(as(cora, before).reservations.get(booked)).rejects.toMatchObject({ code: 'not_found' });

  // What is somebody's own is theirs alone, of no time and for no admin.
  for (const other of [dan, admin]) {
    expect((await as(other, then).secrets.list()).items).toEqual([]);
    expect((await as(other, then).tokens.list()).items.map(({ label }) => label)).not.toContain('ci');
  }
  const invalid = { code: 'invalid_input', status: 400 };
  for (const at of [Date.now() + 60_000, 5, 'position:999999']) {
    await expect(as(cora, at).policy.get()).rejects.toMatchObject(invalid);
    await expect(as(cora, at).reservations.list()).rejects.toMatchObject(invalid);
    await expect(as(cora, at).secrets.list()).rejects.toMatchObject(invalid);
  }

  const at = ['--at', new Date(then).toISOString()];
  expect(await batonJson(['secret', 'list', ...at], cora)).toMatchObject([{ name: 'HF_TOKEN' }]);
  expect(await batonJson<object[]>(['token', 'list', ...at], cora)).toHaveLength(2);
  expect(await batonJson(['policy', 'show', ...at], cora)).toMatchObject({ version: 1, policy: { order: 'fifo' } });
  expect(await batonJson<object[]>(['policy', 'history', ...at], cora)).toHaveLength(2);
  expect(await batonJson(['reservation', 'list', ...at], cora)).toMatchObject([reserved]);
  expect((await baton(['policy', 'show', ...at], cora)).stdout).toMatch(/comment +exams/);
  expect((await baton(['reservation', 'list', ...at], cora)).stdout).toMatch(/current +repair +new fans/);
}, 120_000);

it('shows behind a commit what was so until the next one', async () => {
  const eve = await inviteUser(admin, 'eve');
  const { events } = await ends();
  await eve.secrets.set('FIRST', 'x');
  const { events: first } = await ends();
  await admin.policy.apply({ order: 'shortest' });
  const { events: applied } = await ends();
  expect(await batonJson(['secret', 'list', '--at', `position:${events}`], eve)).toEqual([]);
  expect(await batonJson(['secret', 'list', '--at', `position:${first}`], eve)).toMatchObject([{ name: 'FIRST' }]);
  const orderAt = async (position: number) => (await as(eve, `position:${position}`).policy.get()).policy.order;
  expect(await orderAt(first)).not.toBe('shortest');
  expect(await orderAt(applied)).toBe('shortest');

  const held = await eve.jobs.submit(shell('true', { name: 'held', hold: true }));
  const [submitted] = (await eve.jobs.events(held.id)).items;
  await eve.jobs.cancel(held.id);
  const at = ['--at', `position:${submitted?.position}`];
  const why = { jobId: held.id, at: submitted?.at, code: 'held' };
  expect(await batonJson(['job', 'why', held.id, ...at], eve)).toMatchObject(why);
  const queue = { at: submitted?.at, items: [{ job: { id: held.id } }] };
  expect(await batonJson(['queue', ...at], eve)).toMatchObject(queue);
  expect((await baton(['queue', ...at], eve)).stdout).toContain('eve@example.com');
  // Somebody else's job has no name, now or then.
  const dave = await inviteUser(admin, 'dave');
  expect(await batonJson(['queue', ...at], dave)).toMatchObject({ items: [{ job: { id: null, name: null } }] });
  expect(await baton(['job', 'why', held.id, ...at], dave)).toMatchObject({ code: 4 });
}, 120_000);

/** The last position of the stream of all but jobs. */
async function ends(): Promise<{ readonly events: number }> {
  const { streams } = await batonJson<{ streams: { stream: string; position: number }[] }>([
    'log',
    'verify',
    '--home',
    platform.home,
  ]);
  return { events: streams.find(({ stream }) => stream === 'EVENTS')?.position ?? 0 };
}
