// Sharing with a group by its name: its members see what is shared with it, for everybody else there is nothing.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatonClient } from '@baton/sdk';
import { scaleModel } from '@baton/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, shell } from './jobs.ts';
import { inviteUser } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';
import { problem, sender } from './rest.ts';

const BATON = fileURLToPath(new URL('../../libs/cli/bin/baton.mjs', import.meta.url));
const NOT_FOUND = 4;

let platform: TestPlatform;
let admin: BatonClient;
let owner: BatonClient;
let member: BatonClient;
let stranger: BatonClient;
let vision: string;
let jobId: string;

/** The command line on behalf of a logged-in client. */
function baton(client: BatonClient, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { base, token = '' } = client.http;
  const env = { ...process.env, HOME: platform.files, BATON_URL: base, BATON_TOKEN: token };
  return new Promise((resolve) => {
    execFile(process.execPath, [BATON, ...args], { env, cwd: platform.files }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

async function done(client: BatonClient, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await baton(client, ...args);
  expect({ code, err }).toMatchObject({ code: 0 });
  return out.trim();
}

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
  [owner, member, stranger] = await Promise.all([
    inviteUser(admin, 'owner'),
    inviteUser(admin, 'member'),
    inviteUser(admin, 'stranger'),
  ]);
  writeFileSync(join(platform.files, 'data.csv'), 'a,b\n1,2\n');
  writeFileSync(join(platform.files, 'scale.onnx'), scaleModel(2, 3));
  await done(owner, 'group', 'create', 'vision');
  // By address, though only admins can look addresses up.
  await done(owner, 'group', 'add', 'vision', 'Member@example.com');
  vision = (await owner.groups.get('vision')).id;
});
afterAll(() => platform.cleanUp());

describe('shared with a group by its name', () => {
  it('a dataset, a model, a job and an endpoint belong to it by its id', async () => {
    const group = ['--group', 'vision'];
    await done(owner, 'dataset', 'upload', 'data.csv', '--name', 'shared', ...group);
    await done(owner, 'model', 'push', 'scale.onnx', '--name', 'shared', ...group);
    await done(owner, 'endpoint', 'create', 'shared', '--model', 'shared', ...group);
    jobId = await done(owner, 'run', '--detach', ...group, '--', '/bin/sh', '-c', 'echo loss=1');
    const shared = { groupId: vision, visibility: 'group' };
    expect(await owner.datasets.get('shared')).toMatchObject(shared);
    expect(await owner.models.get('shared')).toMatchObject(shared);
    expect(await owner.endpoints.get('shared')).toMatchObject(shared);
    expect(await ended(owner, jobId)).toMatchObject({ ...shared, state: 'succeeded' });
    const { items } = await owner.jobs.events(jobId);
    expect(items[0]?.events[0]).toMatchObject({ type: 'JobSubmitted', data: shared });
  });

  it('they are there for a member, to read and to use', async () => {
    expect(await done(member, 'dataset', 'show', 'shared')).toContain('data.csv');
    expect(await done(member, 'job', 'logs', jobId)).toBe('loss=1');
    expect((await member.models.list()).items.map(({ name }) => name)).toEqual(['shared']);
    expect((await member.endpoints.list()).items.map(({ name }) => name)).toEqual(['shared']);
    const job = shell('grep -q 1,2 $BATON_DATASET_DIR/shared/data.csv', {
      datasets: [{ dataset: 'shared' }],
      group: 'vision',
    });
    const own = await ended(member, (await member.jobs.submit(job)).id);
    expect(own).toMatchObject({ state: 'succeeded', groupId: vision });
    expect((await owner.jobs.get(own.id)).id).toBe(own.id);
  });

  it.each(['/datasets/shared', '/models/shared', '/endpoints/shared', '/jobs/JOB', '/groups/vision'])(
    'there is no %s for anybody else',
    async (path) => {
      const answer = await sender(stranger)(`/api/v1${path.replace('JOB', jobId)}`);
      expect(answer).toMatchObject(problem(404, 'not_found'));
    },
  );

  it('something that was private is as well, once it is changed so', async () => {
    await owner.datasets.create({ name: 'later' });
    expect((await sender(member)('/api/v1/datasets/later')).status).toBe(404);
    await owner.datasets.update('later', { group: 'vision', visibility: 'group' });
    expect(await member.datasets.get('later')).toMatchObject({ groupId: vision });
  });
});

describe('a group that the caller is not in', () => {
  const requests = [
    ['/datasets', { name: 'unshared' }],
    ['/models', { name: 'unshared' }],
    ['/jobs', { command: ['true'] }],
    ['/endpoints', { name: 'unshared', model: 'own' }],
  ] as const;

  beforeAll(async () => {
    const { uploadId } = await stranger.upload(join(platform.files, 'scale.onnx'));
    await stranger.models.create({ name: 'own' });
    await stranger.models.addVersion('own', { uploads: [uploadId] });
  });

  it.each(requests)('is answered by POST %s like one that is not there', async (path, body) => {
    const said = async (group: string) => {
      const answer = await sender(stranger)(`/api/v1${path}`, { body: { ...body, group } });
      expect(answer).toMatchObject(problem(404, 'not_found', { errors: [{ pointer: '/group' }] }));
      return (answer.json as { detail: string }).detail.replace(group, 'GROUP');
    };
    const unknown = await said('nothing');
    for (const group of ['vision', vision, `grp_${'n'.repeat(26)}`]) expect(await said(group)).toBe(unknown);
  });

  it('is answered so by the command line, which exits with 4', async () => {
    const upload = ['dataset', 'upload', 'data.csv', '--name', 'unshared', '--group', 'vision'];
    const refused = await baton(stranger, ...upload);
    expect(refused).toMatchObject({ code: NOT_FOUND, out: '' });
    expect(refused.err).toContain('There is no group "vision", or you are not in it.');
    expect((await baton(stranger, 'run', '--detach', '--group', 'vision', '--', 'true')).code).toBe(NOT_FOUND);
    expect((await stranger.jobs.list()).items).toEqual([]);
    expect((await stranger.datasets.list()).items).toEqual([]);
  });

  it('can be named by an admin, who sees it all the same', async () => {
    const { id } = await admin.datasets.create({ name: 'from-above', group: 'vision' });
    expect((await member.datasets.get(id)).name).toBe('from-above');
    expect((await sender(admin)('/api/v1/datasets', { body: { name: 'x', group: 'nothing' } })).status).toBe(404);
  });
});

describe('who leaves a group', () => {
  it('sees nothing of it any more, at once', async () => {
    expect(await done(owner, 'group', 'show', 'vision')).toContain((await member.users.me()).id);
    await done(owner, 'group', 'remove', 'vision', 'member@example.com');
    expect((await sender(member)('/api/v1/datasets/shared')).status).toBe(404);
    expect((await baton(member, 'group', 'show', 'vision')).code).toBe(NOT_FOUND);
    expect((await sender(member)('/api/v1/jobs', { body: { command: ['true'], group: 'vision' } })).status).toBe(404);
  });
});
