// Export, import and seals against a real nats-server.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId, openJetStreamEventStore } from '@baton/event-store';
import { type NatsServer, startNatsServer, temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readHeads } from '../heads/heads-file.ts';
import { openSealKey } from '../heads/seal-key.ts';
import { sealHeads } from '../heads/sealer.ts';
import { logOn } from '../log-content.ts';
import { NAME_REDUCERS, nameCommit } from '../testing/name-log.ts';
import { verifyLog } from '../verify/verify-log.ts';
import { importLog } from './import-log.ts';
import { type Archive, openArchive } from './read-archive.ts';
import { marksOf, writeArchive } from './write-archive.ts';

const COMMITS = 700;
const options = { reducers: NAME_REDUCERS, now: Date.now };
let folder: TemporaryFolder;
let server: NatsServer;
let source: NatsConnection;

/** Commits of names that were there already, and one new one. */
async function append(count: number): Promise<void> {
  const store = await openJetStreamEventStore({ connection: source, stream: 'EVENTS' });
  for (let at = 0; at < count; at += 50) {
    const ids = Array.from({ length: Math.min(50, count - at) }, () => newId('name'));
    await Promise.all(
      ids.map((id) => store.append({ aggregate: 'name', id }, nameCommit(), { kind: 'aggregate', position: 0 })),
    );
  }
}

beforeAll(async () => {
  folder = await temporaryFolder('baton-import-');
  server = await startNatsServer();
  source = await connect({ servers: server.url });
  await openJetStreamEventStore({ connection: source, stream: 'JOBS' });
  await append(COMMITS);
});
afterAll(async () => {
  await source.close();
  await server.stop();
  await folder.cleanup();
});

async function onEmptyServer(work: (connection: NatsConnection) => Promise<void>): Promise<void> {
  const target = await startNatsServer();
  const connection = await connect({ servers: target.url });
  try {
    await work(connection);
  } finally {
    await connection.close();
    await target.stop();
  }
}

it('brings the same log, with the same hashes, into an empty installation', async () => {
  const path = join(folder.path, 'log.zst');
  const exported = await writeArchive(path, await logOn(source), options);
  await onEmptyServer(async (connection) => {
    const report = await importLog(connection, await openArchive([path]), options);
    expect(marksOf(report.streams)).toEqual(marksOf(exported.streams));
    expect(report.streams[1]).toMatchObject({ commits: COMMITS, fault: null });
  });
});

it('goes on where an interrupted import was, and refuses streams that hold something else', async () => {
  const archive = await openArchive([join(folder.path, 'log.zst')]);
  await onEmptyServer(async (connection) => {
    await expect(importLog(connection, breaking(archive), options)).rejects.toThrow('pulled');
    const half = (await logOn(connection)).ends.EVENTS;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(COMMITS);
    expect((await importLog(connection, archive, options)).ok).toBe(true);
    expect((await importLog(connection, archive, options)).ok).toBe(true);
  });
  await onEmptyServer(async (connection) => {
    const store = await openJetStreamEventStore({ connection, stream: 'EVENTS' });
    await store.append({ aggregate: 'name', id: newId('name') }, nameCommit(), { kind: 'aggregate', position: 0 });
    await expect(importLog(connection, archive, options)).rejects.toThrow('is not empty');
  });
});

it('seals what has grown since the last time, and nothing over a log that was exchanged', async () => {
  const [file, keyFile] = [join(folder.path, 'heads.ndjson'), join(folder.path, 'seal-key')];
  const seal = (connection: NatsConnection) =>
    sealHeads({ connection, key: openSealKey(keyFile), file, now: Date.now });
  expect(await seal(source)).toMatchObject([{ stream: 'EVENTS', position: COMMITS }]);
  expect(await seal(source)).toEqual([]);
  await append(10);
  expect(await seal(source)).toMatchObject([{ stream: 'EVENTS', position: COMMITS + 10 }]);
  const { heads } = await readHeads(file);
  const seals = { heads, publicKey: openSealKey(keyFile).publicKey };
  const content = await logOn(source);
  expect((await verifyLog(content, { reducers: NAME_REDUCERS, seals })).streams[1]).toMatchObject({
    heads: 2,
    fault: null,
  });
  await onEmptyServer(async (connection) => {
    await openJetStreamEventStore({ connection, stream: 'JOBS' });
    await openJetStreamEventStore({ connection, stream: 'EVENTS' });
    await expect(seal(connection)).rejects.toMatchObject({ code: 'conflict' });
  });
  expect((await readHeads(file)).heads).toHaveLength(2);
  await rm(file);
});

/** Passes its first check, and breaks in the middle of what is written. */
function breaking(archive: Archive): Archive {
  let reads = 0;
  return {
    ...archive,
    async *read() {
      reads += 1;
      for await (const batch of archive.read()) {
        yield batch;
        if (reads === 2 && batch.stream === 'EVENTS') throw new Error('pulled');
      }
    },
  };
}
