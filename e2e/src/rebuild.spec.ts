// Read models that are wrong are made anew from the log with one command: `npm start -- --rebuild`; snapshots are never needed.
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BatonClient } from '@baton/sdk';
import { scaleModel } from '@baton/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ended, run, shell, untilReleased, untilState } from './jobs.ts';
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

/** The start of a scheduler is spared so many commits by a snapshot; fewer are not worth one. */
const WORTH_COMMITS = 5_000;

/** Everything that read models are asked for, and what the scheduler answers out of its memory, without what changes with the time of day. */
async function state() {
  const [{ jobs, ...others }, queue, stats] = await Promise.all([lists(), admin.queue.show(), admin.queue.stats()]);
  const untimed = <T extends { expected?: unknown }>(items: readonly T[]) =>
    items.map(({ expected: _expected, ...rest }) => rest);
  const waiting = { items: untimed(queue.items), counts: queue.counts };
  return { ...others, jobs: untimed(jobs.items), waiting, running: stats.jobs, forecasts: stats.forecasts };
}

/** As soon as one job runs, one stands staged in line behind it, and two may not start yet. */
function settledState(): ReturnType<typeof state> {
  return vi.waitFor(
    async () => {
      const now = await state();
      expect(now.running).toEqual({ running: 1, inLine: 1, queued: 0, notYet: 2 });
      expect(now.jobs.filter(({ flags }) => flags.unreachable)).toEqual([]);
      expect(now.jobs.filter(({ flags }) => flags.staged)).toHaveLength(1);
      return now;
    },
    { timeout: 60_000, interval: 100 },
  );
}

function snapshots(): string[] {
  const files = readdirSync(platform.home, { recursive: true, encoding: 'utf8' });
  return files.filter((name) => name.endsWith('.snapshot')).map((name) => join(platform.home, name));
}

/** As a version would have written it that makes something else of the same commits. */
function writeAsOther(path: string): void {
  const [head = '', body = ''] = readFileSync(path, 'utf8').split('\n', 2);
  const place = JSON.parse(head) as { ledgerVersion: number };
  const other = JSON.stringify({ ...(JSON.parse(body) as object), jobs: [], arrays: [], completeArrays: [] });
  const otherHead = { ...place, ledgerVersion: place.ledgerVersion + 1, digest: hash('sha256', other) };
  writeFileSync(path, `${JSON.stringify(otherHead)}\n${other}`);
}

it('holds the same state when its snapshots were deleted, and when another version has made others of the same log', async () => {
  const release = join(platform.files, 'release');
  const { id: first } = await admin.jobs.submit({ ...untilReleased(['true'], release), name: 'first' });
  await untilState(admin, first, 'running');
  const { array } = await admin.jobs.submit(shell('true', { array: { count: WORTH_COMMITS / 2 } }));
  await admin.jobs.cancel(array?.id ?? '');
  const { id: next } = await admin.jobs.submit(shell('true', { name: 'next' }));
  const { id: after } = await admin.jobs.submit(shell('true', { name: 'after', after: [{ job: next }] }));
  const { id: held } = await admin.jobs.submit(shell('true', { name: 'held', hold: true }));

  // The first start that has so much to read writes one.
  expect(await platform.stop()).toBe(0);
  await platform.start();
  const path = join(platform.home, 'read', 'ledger.snapshot');
  await vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 60_000 });
  const before = await settledState();

  for (const harm of [() => snapshots().forEach((file) => rmSync(file)), () => snapshots().forEach(writeAsOther)]) {
    expect(await platform.stop()).toBe(0);
    expect(snapshots()).toEqual([path]);
    harm();
    await platform.start();
    await vi.waitFor(async () => expect(await state()).toEqual(before), { timeout: 60_000, interval: 100 });
    // Made anew, of the whole log.
    await vi.waitFor(() => expect(snapshots()).toEqual([path]), { timeout: 60_000 });
  }

  writeFileSync(release, '');
  await admin.jobs.release(held);
  for (const id of [first, next, after, held]) {
    expect(await ended(admin, id)).toMatchObject({ state: 'succeeded', attempts: [{ attempt: 1 }] });
  }
});
