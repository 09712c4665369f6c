// The commands on a state folder that no platform runs on, with a real nats-server beneath.
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import type { Commit, NameEvent } from '@baton/contracts';
import { hashOf, newId, openJetStreamEventStore } from '@baton/event-store';
import type { VerifyReport } from '@baton/log-archive';
import { natsServerBinary, startNatsServer, temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHome, RESTORING } from '../embedded/home.ts';
import { readSets } from './backup/backup-set.ts';
import { createBackup } from './backup/create.ts';
import { repairBlobs } from './backup/repair.ts';
import { restoreBackup } from './backup/restore.ts';
import { exportPlace, importPlace, verifyPlace } from './logs.ts';

const settings = { BATON_NATS_SERVER: natsServerBinary() };
let folder: TemporaryFolder;
let home: string;
let backups: string;
const names = Array.from({ length: 4 }, () => newId('name'));

beforeEach(async () => {
  folder = await temporaryFolder('baton-admin-');
  home = openHome(join(folder.path, 'home')).root;
  backups = join(folder.path, 'backups');
  mkdirSync(join(home, 'keys', 'users'), { recursive: true });
  writeFileSync(join(home, 'keys', 'users', 'ada'), 'a key');
  putBlob('some content');
  await append(30);
});
afterEach(() => folder.cleanup());

function putBlob(content: string): string {
  const digest = createHash('sha256').update(content).digest('hex');
  mkdirSync(dirname(pathOf(digest)), { recursive: true });
  writeFileSync(pathOf(digest), content);
  return digest;
}

function pathOf(digest: string): string {
  return join(home, 'blobs', digest.slice(0, 2), digest.slice(2, 4), digest);
}

/** Commits of four names in turn; with another actor, others of the same kind. */
async function append(count: number, store = join(home, 'nats'), actor = 'system:test'): Promise<void> {
  const server = await startNatsServer({ storeDir: store });
  const connection = await connect({ servers: server.url });
  await openJetStreamEventStore({ connection, stream: 'JOBS' });
  const events = await openJetStreamEventStore({ connection, stream: 'EVENTS' });
  for (let index = 0; index < count; index += 1) {
    const ref = { aggregate: 'name', id: names[index % names.length] ?? '' } as const;
    const last = (await events.readAggregate(ref)).at(-1);
    const chain = { revision: (last?.revision ?? 0) + 1, prevHash: last?.hash ?? '' };
    await events.append(ref, nameCommit(chain, actor), { kind: 'aggregate', position: last?.position ?? 0 });
  }
  await connection.close();
  await server.stop();
}

/** Flips a bit of that commit, of so many in the one block that there is. */
function flipIn(commit: number, commits: number): void {
  const blocks = join(home, 'nats/jetstream/$G/streams/EVENTS/msgs');
  const block = join(blocks, readdirSync(blocks).find((name) => name.endsWith('.blk')) ?? '');
  const bytes = readFileSync(block);
  const at = Math.floor(((commit - 0.5) * bytes.length) / commits);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(block, bytes);
}

function nameCommit(chain: Pick<Commit, 'revision' | 'prevHash'>, actor: string): Commit {
  const event: NameEvent = { type: 'NameReserved', v: 1, data: { kind: 'dataset', holderId: newId('dataset') } };
  const ids = { commitId: newId('dataset'), commandId: newId('dataset'), requestHash: hashOf(Buffer.from('r')) };
  const origin = { actor, credentialId: 'system:test', correlationId: 'r', causationId: 'r' };
  return { envelopeV: 1, ...ids, ...origin, ...chain, at: 1_700_000_000_000, events: [event] };
}

const eventsOf = ({ streams }: VerifyReport) => streams.find(({ stream }) => stream === 'EVENTS');

describe('verification', () => {
  it('of a stopped installation, of a copied store and of an export says the same, and changes nothing', async () => {
    const before = filesOf(join(home, 'nats'));
    const byHome = await verifyPlace({ home }, settings);
    const byStore = await verifyPlace({ home, store: join(home, 'nats') }, settings);
    await exportPlace(home, join(folder.path, 'log.gz'), settings);
    const byExport = await verifyPlace({ home, archive: join(folder.path, 'log.gz') }, settings);
    expect(eventsOf(byHome)).toMatchObject({ commits: 30, fault: null });
    expect(byStore.streams).toEqual(byHome.streams);
    expect(byExport.streams).toEqual(byHome.streams);
    expect(filesOf(join(home, 'nats'))).toEqual(before);
  });

  it('names a history that was written anew with a correct chain, by the heads that were sealed before', async () => {
    await createBackup(home, backups, settings);
    expect(eventsOf(await verifyPlace({ home }, settings))).toMatchObject({ heads: 1, sealedTo: 30, fault: null });
    const forged = join(folder.path, 'forged');
    await append(31, forged, 'usr_somebody');
    const place = { home, store: forged };
    expect(eventsOf(await verifyPlace(place, settings))).toMatchObject({ fault: null });
    const seals = { heads: join(home, 'seals/heads.ndjson'), publicKey: join(home, 'secrets/seal-key') };
    expect(eventsOf(await verifyPlace({ ...place, ...seals }, settings))).toMatchObject({
      fault: { position: 30, why: expect.stringContaining('another one than was sealed') },
    });
  });

  it('names where a store with a damaged block stops, of which the server itself says nothing', async () => {
    await createBackup(home, backups, settings);
    const blocks = join(home, 'nats/jetstream/$G/streams/EVENTS/msgs');
    const block = readdirSync(blocks).find((name) => name.endsWith('.blk')) ?? '';
    const bytes = readFileSync(join(blocks, block));
    bytes.fill(0x21, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 8);
    writeFileSync(join(blocks, block), bytes);
    rmSync(join(blocks, 'index.db'), { force: true });
    const report = await verifyPlace({ home }, settings);
    expect(eventsOf(report)?.fault).toMatchObject({ subject: '', why: expect.stringContaining('its end was cut off') });
  });
});

describe('an import', () => {
  it('fills an empty installation, and none that has a log', async () => {
    const file = join(folder.path, 'log.zst');
    await exportPlace(home, file, settings);
    const other = openHome(join(folder.path, 'other')).root;
    expect(await importPlace(other, file, settings)).toMatchObject({ ok: true });
    expect((await verifyPlace({ home: other }, settings)).streams).toEqual(
      (await verifyPlace({ home }, settings)).streams,
    );
    await append(1, join(other, 'nats'));
    await expect(importPlace(other, file, settings)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a backup', () => {
  const restore = (to: string, id?: string) =>
    restoreBackup({ folder: backups, home: to, ...(id === undefined ? {} : { id }) }, settings);

  it('adds only what is new, and each of them can be restored', async () => {
    const first = await createBackup(home, backups, settings);
    expect(first).toMatchObject({ commits: 30, newCommits: 30, blobs: 1, newBlobs: 1 });
    putBlob('more content');
    await append(12);
    const second = await createBackup(home, backups, settings);
    expect(second).toMatchObject({ commits: 42, newCommits: 12, blobs: 2, newBlobs: 1 });
    expect(await createBackup(home, backups, settings)).toMatchObject({ commits: 42, newCommits: 0, newBlobs: 0 });
    const [one, two] = [join(folder.path, 'one'), join(folder.path, 'two')];
    expect(await restore(one, first.id)).toMatchObject({ commits: 30, missingBlobs: [] });
    expect(await restore(two)).toMatchObject({ commits: 42, missingBlobs: [] });
    expect(eventsOf(await verifyPlace({ home: one }, settings))).toMatchObject({ commits: 30, sealedTo: 30 });
    expect((await verifyPlace({ home: two }, settings)).streams).toEqual(
      (await verifyPlace({ home }, settings)).streams,
    );
    expect(contents(two, 'keys')).toEqual(contents(home, 'keys'));
    expect(contents(two, 'blobs')).toEqual(contents(home, 'blobs'));
    expect(readFileSync(join(two, 'secrets/installation'), 'utf8')).toBe(
      readFileSync(join(home, 'secrets/installation'), 'utf8'),
    );
  });

  it('leaves out a blob that is damaged, and names it, here and at the restore', async () => {
    const digest = putBlob('will rot');
    writeFileSync(pathOf(digest), 'rotten');
    expect(await createBackup(home, backups, settings)).toMatchObject({ blobs: 1, damagedBlobs: [digest] });
    const [kept] = contents(join(backups, 'blobs'), '.').keys();
    writeFileSync(join(backups, 'blobs', kept ?? ''), 'rotten', { mode: 0o600 });
    expect(await restore(join(folder.path, 'other'))).toMatchObject({ missingBlobs: [expect.any(String)] });
  });

  it('puts back a blob that is damaged, and names those of which it has no good copy', async () => {
    const kept = putBlob('has a copy');
    await createBackup(home, backups, settings);
    const lost = putBlob('came later');
    for (const digest of [kept, lost]) writeFileSync(pathOf(digest), 'rotten');
    expect(await repairBlobs(home, backups)).toEqual({ blobs: 3, repaired: [kept], unrepaired: [lost] });
    expect(readFileSync(pathOf(kept), 'utf8')).toBe('has a copy');
    expect(await repairBlobs(home, backups)).toMatchObject({ repaired: [], unrepaired: [lost] });
    expect(readFileSync(pathOf(lost), 'utf8')).toBe('rotten');
    await expect(repairBlobs(home, join(folder.path, 'nothing'))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('puts it back for the jobs of the agent beside it, too, whose cache is links to the store', async () => {
    const kept = putBlob('has a copy');
    await createBackup(home, backups, settings);
    const tree = join(home, 'agent/cache/trees/tree/files');
    mkdirSync(tree, { recursive: true });
    linkSync(pathOf(kept), join(tree, 'weights'));
    writeFileSync(join(tree, 'other'), 'is another one');
    chmodSync(tree, 0o555);
    writeFileSync(pathOf(kept), 'rotten');
    await repairBlobs(home, backups);
    expect(readFileSync(join(tree, 'weights'), 'utf8')).toBe('has a copy');
    expect(readdirSync(tree).toSorted()).toEqual(['other', 'weights']);
    expect(statSync(tree).mode & 0o777).toBe(0o555);
    expect(readFileSync(join(tree, 'other'), 'utf8')).toBe('is another one');
    chmodSync(tree, 0o755);
  });

  it('is not added to those of another history of the same installation', async () => {
    await createBackup(home, backups, settings);
    renameSync(join(home, 'nats'), join(folder.path, 'lost'));
    mkdirSync(join(home, 'nats'));
    await append(35, join(home, 'nats'), 'usr_somebody');
    await expect(createBackup(home, backups, settings)).rejects.toMatchObject({ code: 'conflict' });
    expect(await readSets(backups)).toHaveLength(1);
  });

  it('is restored only where nothing is, and an interrupted restore is repeated before anything starts there', async () => {
    await createBackup(home, backups, settings);
    await expect(restore(home)).rejects.toMatchObject({ code: 'conflict' });
    const other = join(folder.path, 'other');
    const segment = join(backups, 'log', readdirSync(join(backups, 'log'))[0] ?? '');
    copyFileSync(segment, join(folder.path, 'segment'));
    writeFileSync(segment, readFileSync(segment).subarray(0, 400));
    await expect(restore(other)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(readFileSync(join(other, RESTORING), 'utf8')).not.toBe('');
    expect(() => openHome(other)).toThrow('was not finished');
    copyFileSync(join(folder.path, 'segment'), segment);
    expect(await restore(other)).toMatchObject({ commits: 30 });
    expect(openHome(other).root).toBe(other);
  });
});

describe('a log in which a bit has flipped', () => {
  const repair = async () => {
    const to = join(folder.path, 'repaired');
    await restoreBackup({ folder: backups, home: to }, settings);
    return to;
  };
  const held = async (place: string) => {
    const { position, rollingHash, fault } = eventsOf(await verifyPlace({ home: place }, settings)) ?? {};
    return { position, rollingHash, fault };
  };

  it('behind the newest backup is named there, and restored as it was at the backup; what came after it is lost', async () => {
    await createBackup(home, backups, settings);
    const atBackup = await held(home);
    await append(12);
    flipIn(36, 42);
    const fault = { position: 36, why: 'position 36 is missing' };
    expect(await held(home)).toMatchObject({ fault });
    // Nothing of it goes into a backup, nor is it exported.
    await expect(createBackup(home, backups, settings)).rejects.toThrow('EVENTS at position 36');
    await expect(exportPlace(home, join(folder.path, 'log.gz'), settings)).rejects.toThrow('EVENTS at position 36');
    const to = await repair();
    expect(await held(to)).toEqual({ ...atBackup, position: 30, fault: null });
    for (const kept of ['keys', 'blobs']) expect(contents(to, kept)).toEqual(contents(home, kept));
    await append(3, join(to, 'nats'));
    expect(await held(to)).toMatchObject({ position: 33, fault: null });
  });

  it('before it loses nothing: one more backup takes what came since, and all of it is restored', async () => {
    await createBackup(home, backups, settings);
    await append(12);
    const whole = await held(home);
    flipIn(10, 42);
    expect(await held(home)).toMatchObject({ fault: { position: 10 } });
    expect(await createBackup(home, backups, settings)).toMatchObject({ commits: 42, newCommits: 12 });
    expect(await held(await repair())).toEqual({ ...whole, position: 42, fault: null });
  });
});

function filesOf(path: string): Map<string, string> {
  return contents(path, '.');
}

function contents(root: string, below: string): Map<string, string> {
  const entries = readdirSync(join(root, below), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.toSorted().map((path) => [path.slice(root.length + 1), hashOf(readFileSync(path))]));
}
