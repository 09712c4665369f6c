// Read models that are wrong are made anew from the log with one command: `npm start -- --rebuild`.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BatonClient } from '@baton/sdk';
import { scaleModel } from '@baton/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { run, shell } from './jobs.ts';
import { inviteUser } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let admin: BatonClient;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform());
  await furnish();
});
afterAll(() => platform.cleanUp());

/** Something in each list. */
async function furnish(): Promise<void> {
  await inviteUser(admin, 'ada');
  await admin.groups.create('vision');
  await admin.secrets.set('KEY', 'a value');
  await admin.tokens.create({ label: 'script' });
  writeFileSync(join(platform.files, 'scale.onnx'), scaleModel(2, 3));
  const { uploadId } = await admin.upload(join(platform.files, 'scale.onnx'));
  for (const name of ['first', 'second']) {
    await admin.datasets.create({ name, description: `the ${name}`, tags: ['kept'] });
    await admin.datasets.addVersion(name, { uploads: [uploadId] });
  }
  const copy = shell('echo loss=0.5 && cp $BATON_DATASET_DIR/first/scale.onnx $BATON_OUTPUT_DIR/', {
    datasets: [{ dataset: 'first' }],
    outputs: { model: 'trained' },
  });
  expect((await run(admin, copy)).state).toBe('succeeded');
  expect((await run(admin, shell('exit 3', { name: 'failing' }))).state).toBe('failed');
  await vi.waitFor(async () => expect((await admin.models.get('trained')).latestVersion).toBe(1), { timeout: 60_000 });
  await admin.endpoints.create({ name: 'served', model: 'trained', visibility: 'everyone' });
}

/** Everything that read models are asked for. */
async function lists() {
  const [users, groups, tokens, secrets, datasets, models, endpoints, jobs, nodes] = await Promise.all([
    admin.users.list(),
    admin.groups.list(),
    admin.tokens.list(),
    admin.secrets.list(),
    admin.datasets.list(),
    admin.models.list(),
    admin.endpoints.list(),
    admin.jobs.list(),
    admin.nodes.list(),
  ]);
  // A node's own entry changes with each start of its agent.
  const nodeNames = nodes.items.map(({ id, name }) => ({ id, name }));
  return { users, groups, tokens, secrets, datasets, models, endpoints, jobs, nodeNames };
}
type Lists = Awaited<ReturnType<typeof lists>>;

function counts({ nodeNames: _nodeNames, ...pages }: Lists): Record<string, number> {
  return Object.fromEntries(Object.entries(pages).map(([name, { items }]) => [name, items.length]));
}

/** Of each read model one document less, and the others with a wrong name. Gives how many documents were harmed. */
function damage(): number {
  const folder = join(platform.home, 'read');
  const files = readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name));
  return files.map((file) => damageFile(join(folder, file))).reduce((sum, harmed) => sum + harmed, 0);
}

function damageFile(path: string): number {
  const database = new DatabaseSync(path);
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'documents_*'")
    .all();
  const harmed = tables.flatMap(({ name }) => {
    const table = `"${String(name)}"`;
    return [
      database.prepare(`DELETE FROM ${table} WHERE id = (SELECT max(id) FROM ${table})`).run(),
      database.prepare(`UPDATE ${table} SET doc = json_set(doc, '$.name', 'wrong')`).run(),
    ];
  });
  database.close();
  return harmed.reduce((sum, { changes }) => sum + Number(changes), 0);
}

it('gives back every list as it was, after documents went missing and others became wrong', async () => {
  const expected = { users: 2, groups: 1, secrets: 1, datasets: 2, models: 1, endpoints: 1, jobs: 2 };
  await vi.waitFor(async () => expect(counts(await lists())).toMatchObject(expected), { timeout: 60_000 });
  const before = await lists();

  expect(await platform.stop()).toBe(0);
  expect(damage()).toBeGreaterThan(10);
  await platform.start();
  // An ordinary start believes what it finds.
  expect((await admin.datasets.list()).items.map(({ name }) => name)).toEqual(['wrong']);
  expect((await admin.jobs.list()).items.map(({ name }) => name)).toEqual(['wrong']);

  expect(await platform.stop()).toBe(0);
  await platform.start(['--rebuild']);
  expect(platform.output).toContain('The read models are made anew from the log.');
  await vi.waitFor(async () => expect(await lists()).toEqual(before), { timeout: 60_000, interval: 100 });
  // What was done once is not done again: the weights are still one version, served as before.
  expect((await admin.models.get('trained')).versions.length).toBe(1);
  expect(await admin.endpoints.get('served')).toMatchObject({ state: 'ready' });
  expect(platform.output).not.toContain('one-time token');

  // An ordinary start afterwards finds all that in place.
  expect(await platform.stop()).toBe(0);
  await platform.start();
  await vi.waitFor(async () => expect(await lists()).toEqual(before), { timeout: 60_000, interval: 100 });
});
