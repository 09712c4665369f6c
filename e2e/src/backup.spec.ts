// A backup of a platform that runs, restored where there is nothing: the same through REST, and what runs meanwhile runs on.
import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatonClient } from '@baton/sdk';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { baton, batonJson } from './command-line.ts';
import { ended, run, shell, untilReleased, untilState } from './jobs.ts';
import { inviteUser, logIn, ADMIN } from './people.ts';
import { startedPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let admin: BatonClient;
let backups: string;

beforeAll(async () => {
  ({ platform, admin } = await startedPlatform({ BATON_CPU_SLOTS: '3' }));
  backups = join(platform.files, 'backups');
});
afterAll(() => platform.cleanUp());

const home = (...more: string[]): string => join(platform.home, ...more);

/** Everything that an installation is asked for, as far as it does not move. */
async function everything(client: BatonClient, jobId: string) {
  const [users, groups, tokens, secrets, datasets, job, events, artifacts] = await Promise.all([
    client.users.list(),
    client.groups.list(),
    client.tokens.list(),
    client.secrets.list(),
    client.datasets.list(),
    client.jobs.get(jobId),
    client.jobs.events(jobId),
    client.jobs.artifacts(jobId),
  ]);
  return { users, groups, tokens, secrets, datasets, job, events, artifacts };
}

async function furnish(): Promise<string> {
  await inviteUser(admin, 'ada');
  await admin.groups.create('vision');
  await admin.secrets.set('KEY', 'a value');
  writeFileSync(join(platform.files, 'data.txt'), 'some data\n'.repeat(1_000));
  const { uploadId } = await admin.upload(join(platform.files, 'data.txt'));
  await admin.datasets.create({ name: 'numbers', description: 'numbers', tags: [] });
  await admin.datasets.addVersion('numbers', { uploads: [uploadId] });
  const copy = shell('wc -l < $BATON_DATASET_DIR/numbers/data.txt > $BATON_OUTPUT_DIR/lines.txt', {
    datasets: [{ dataset: 'numbers' }],
  });
  const job = await run(admin, copy);
  expect(job.state).toBe('succeeded');
  return job.id;
}

describe('a backup of a running platform', () => {
  it('is restored as it was, and jobs that run, in the backup or only after it, run on', async () => {
    const done = await furnish();
    const release = join(platform.files, 'release');
    const before = await admin.jobs.submit({ name: 'before', ...untilReleased(['echo', 'hello'], release) });
    await untilState(admin, before.id, 'running');

    const first = await batonJson<{ newBlobs: number; damagedBlobs: string[] }>([
      'backup',
      'create',
      backups,
      '--home',
      home(),
    ]);
    expect(first).toMatchObject({ damagedBlobs: [] });
    expect(first.newBlobs).toBeGreaterThan(0);
    await admin.groups.create('later');
    // The second one while jobs come in.
    const busy = Array.from({ length: 20 }, () => admin.jobs.submit(shell('true')));
    const second = await batonJson<{ id: string; newBlobs: number; newCommits: number }>([
      'backup',
      'create',
      backups,
      '--home',
      home(),
    ]);
    await Promise.all(busy);
    expect(second.newCommits).toBeGreaterThan(0);
    expect(await batonJson<object[]>(['backup', 'list', backups])).toHaveLength(2);
    const expected = await everything(admin, done);

    const mark = join(platform.files, 'late-was-here');
    const line = `while [ ! -e ${release} ]; do sleep 0.05; done; echo done > ${mark}`;
    const late = await admin.jobs.submit(shell(line, { name: 'late' }));
    expect((await untilState(admin, late.id, 'running')).state).toBe('running');
    await disaster();
    const restored = await batonJson<{ missingBlobs: string[] }>(['backup', 'restore', backups, '--home', home()]);
    expect(restored).toMatchObject({ id: second.id, missingBlobs: [] });

    await platform.start();
    const again = await logIn(platform.url, ADMIN);
    // A log-in is a token, too: the one just made is new.
    const { tokens, ...rest } = await everything(again, done);
    expect({ ...rest, tokens: expected.tokens }).toEqual(expected);
    expect(tokens.items).toEqual(expect.arrayContaining(expected.tokens.items));
    expect((await again.jobs.get(before.id)).state).toBe('running');
    // The log knows nothing of it any more; its process is none of anybody's business but its own.
    await expect(again.jobs.get(late.id)).rejects.toMatchObject({ code: 'not_found' });
    // Not refused by the agent, which has heard of later things: new work is taken. What is given the slot of `late` waits for its end.
    const fresh = [run(again, shell('true')), run(again, shell('true'))];
    expect((await Promise.any(fresh)).state).toBe('succeeded');
    writeFileSync(release, '');
    for (const job of await Promise.all(fresh)) expect(job.state).toBe('succeeded');
    const over = await ended(again, before.id);
    expect(over.state).toBe('succeeded');
    expect(over.attempts).toHaveLength(1);
    await vi.waitFor(() => expect(existsSync(mark)).toBe(true), { timeout: 60_000 });
    expect(await batonJson<{ ok: boolean }>(['log', 'verify', '--home', home()])).toMatchObject({ ok: true });
  });
});

describe('a log that has lost its end', () => {
  it('is not written on: the platform says so and does not start, until the heads and the read models are moved away', async () => {
    const own = await startedPlatform();
    onTestFinished(() => own.platform.cleanUp());
    const at = (name: string): string => join(own.platform.home, name);
    expect(await own.platform.stop()).toBe(0);
    cpSync(at('nats'), at('older'), { recursive: true });
    await own.platform.start();
    await run(own.admin, shell('true'));
    expect(await own.platform.stop()).toBe(0);
    rmSync(at('nats'), { recursive: true });
    renameSync(at('older'), at('nats'));

    const starting = own.platform.start().catch((error: unknown) => error);
    const words = /The log is not what it was: JOBS was cut or rewritten.*baton log verify/;
    await vi.waitFor(() => expect(own.platform.output).toMatch(words), { timeout: 60_000 });
    const verdict = await baton(['log', 'verify', '--home', own.platform.home, '--json']);
    expect(verdict).toMatchObject({ code: 1, stdout: expect.stringContaining('its end was cut off') });
    await own.platform.killAll();
    await starting;
    renameSync(at('seals/heads.ndjson'), at('seals/before.ndjson'));
    // What was read from it is of a longer log.
    rmSync(at('read'), { recursive: true });
    await own.platform.start();
    expect((await own.admin.jobs.list()).items).toEqual([]);
  });
});

/** All processes but jobs are gone, and so is the state, but for the agent's folder. */
async function disaster(): Promise<void> {
  await platform.killAll();
  for (const name of ['nats', 'keys', 'secrets', 'blobs', 'read', 'seals', 'uploads'])
    renameSync(home(name), join(platform.files, `lost-${name}`));
}
