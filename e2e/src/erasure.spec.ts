// A person is erased from a platform that runs: their jobs, what they made, the log, and backups from before.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { batonJson } from './command-line.ts';
import { ended, shell, untilReleased, untilState } from './jobs.ts';
import { ADMIN, inviteUser, logIn } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let admin: BatonClient;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
});
afterAll(() => platform.cleanUp());

async function publish(client: BatonClient, name: string): Promise<void> {
  const file = join(platform.files, `${name}.txt`);
  writeFileSync(file, name);
  const { uploadId } = await client.upload(file);
  await client.datasets.create({ name });
  await client.datasets.addVersion(name, { uploads: [uploadId] });
}

it('is forgotten by the platform, its log and its backups, and a restore of an older one does not bring them back', async () => {
  const ada = await inviteUser(admin, 'ada');
  await inviteUser(admin, 'bob');
  const { id: adaId } = await ada.users.me();
  const { id: bobId } = (await admin.users.list()).items.find(({ name }) => name === 'bob') ?? { id: '' };
  await ada.secrets.set('KEY', 'a value');
  await publish(ada, 'numbers');
  const done = await ended(ada, (await ada.jobs.submit(shell('true'))).id);
  const running = await ada.jobs.submit({ name: 'long', ...untilReleased(['true'], join(platform.files, 'never')) });
  await untilState(ada, running.id, 'running');
  const backups = join(platform.files, 'backups');
  const before = await batonJson<{ id: string }>(['backup', 'create', backups, '--home', platform.home], admin);
  const theirs = storedFiles(backups, before.id, adaId);
  expect(theirs.map((file) => existsSync(file))).toEqual([true, true]);

  await expect(ada.users.erase(adaId)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(admin.users.erase(adaId)).rejects.toMatchObject({ code: 'conflict' });
  await expect(admin.users.erase(adaId, { to: adaId, cancelJobs: true })).rejects.toMatchObject({
    code: 'invalid_input',
  });
  const erase = ['user', 'erase', 'ada@example.com', '--to', 'bob@example.com', '--cancel-jobs', '--yes'];
  expect(await batonJson(erase, admin)).toMatchObject({ id: adaId, cancelledJobs: 1, handedOver: 1 });

  await expect(ada.users.me()).rejects.toMatchObject({ code: 'unauthenticated' });
  expect((await ended(admin, running.id)).state).toBe('cancelled');
  expect(await admin.jobs.get(done.id)).toMatchObject({ ownerId: adaId, state: 'succeeded' });
  expect(await admin.datasets.get('numbers')).toMatchObject({ ownerId: bobId });
  const gone = { id: adaId, erased: true, email: `${adaId.slice(4)}@erased.invalid` };
  expect((await admin.users.list()).items.find(({ id }) => id === adaId)).toMatchObject(gone);
  await batonJson(['log', 'verify', '--home', platform.home], admin);

  await batonJson(['backup', 'create', backups, '--home', platform.home], admin);
  expect(theirs.map((file) => existsSync(file))).toEqual([false, false]);
  await platform.stop();
  // Only the agent's folder may stay.
  for (const name of readdirSync(platform.home))
    if (name !== 'agent') renameSync(join(platform.home, name), join(platform.files, `lost-${name}`));
  await batonJson(['backup', 'restore', backups, '--home', platform.home, '--backup', before.id], admin);
  await platform.start();

  const again = await logIn(platform.url, ADMIN);
  expect((await again.users.list()).items.find(({ id }) => id === adaId)).toMatchObject(gone);
  const form = { email: 'ada@example.com', password: 'password of ada' };
  await expect(new BatonClient({ url: platform.url }).users.logIn(form)).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  await batonJson(['log', 'verify', '--home', platform.home], admin);
}, 120_000);

/** Where a backup keeps a person's key, and the values of secrets. */
function storedFiles(backups: string, id: string, userId: string): string[] {
  const set = JSON.parse(readFileSync(join(backups, 'sets', `${id}.json`), 'utf8')) as {
    files: { path: string; digest: string }[];
  };
  const wanted = ({ path }: { path: string }) => path.includes(`${userId}.key`) || path.startsWith('keys/secrets/');
  return set.files.filter(wanted).map(({ digest }) => join(backups, 'files', digest));
}
