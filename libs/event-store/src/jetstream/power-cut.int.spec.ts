// The power of nats-server's disk is cut: what it acknowledged is there, if it synced before it said so.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  type NatsServer,
  powerCutDisk,
  type PowerCutDisk,
  startNatsServer,
  temporaryFolder,
  type TemporaryFolder,
} from '@baton/testkit';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import type { Appended } from '../port.ts';
import type { PendingWrite } from '../stream-writer.ts';
import { all } from '../testing/commits.ts';
import { writeChain } from '../testing/writer-contract.ts';
import { openJetStreamEventStore } from './jetstream-event-store.ts';

const BUILD_MS = 300_000;

let folder: TemporaryFolder;
let disk: PowerCutDisk;
let server: NatsServer;
let connection: NatsConnection;

beforeEach(async () => {
  folder = await temporaryFolder('baton-log-power-');
});
afterEach(async () => {
  await connection?.close();
  await server?.stop();
  await folder.cleanup();
});

/** nats-server does not fsync folders: it builds on file systems that bring a file's name to the disk with the file. */
async function start(context: TestContext, sync: string): Promise<void> {
  const made = await powerCutDisk(join(folder.path, 'disk'), { names: 'journaled' });
  if (made.disk === null) return context.skip(made.why);
  disk = made.disk;
  server = await startNatsServer({ storeDir: join(disk.path, 'store'), sync });
  connection = await connect({ servers: server.url });
}

async function cutAndRestart(seed?: number): Promise<void> {
  await disk.cut(seed);
  await server.kill();
  await connection.close();
  await server.restart();
  connection = await connect({ servers: server.url });
}

const open = () => openJetStreamEventStore({ connection, stream: 'JOBS', syncAlways: true, timeoutMs: 20_000 });

/** Writes as fast as it can until the power is cut: what was acknowledged by then. */
async function writeUntilCut(after: number, seed: number | undefined): Promise<Appended[]> {
  const writer = (await open()).openWriter({ after });
  const acknowledged: Appended[] = [];
  const note = ({ done }: PendingWrite) =>
    done.then(
      (appended) => void acknowledged.push(appended),
      () => undefined,
    );
  const cut = new AbortController();
  const writing = (async () => {
    while (!cut.signal.aborted) {
      for (const write of writeChain(writer, 10)) void note(write);
      await sleep(2);
    }
  })();
  await sleep(400);
  cut.abort();
  await writing;
  await cutAndRestart(seed);
  return acknowledged;
}

describe('a log on a disk of which the power is cut', { timeout: BUILD_MS }, () => {
  it('has all that was acknowledged, in its place', async (context) => {
    await start(context, 'always');
    const acknowledged: Appended[] = [];
    for (const seed of [undefined, 7, undefined, 11]) {
      const stored = await all((await open()).readAll(0));
      acknowledged.push(...(await writeUntilCut(stored.at(-1)?.position ?? 0, seed)));
    }
    const stored = await all((await open()).readAll(0));
    const hashes = new Map(stored.map(({ position, hash }) => [position, hash]));
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(acknowledged.filter(({ position, hash }) => hashes.get(position) !== hash)).toEqual([]);
  });

  it('lacks what was acknowledged where nats-server syncs from time to time only', async (context) => {
    await start(context, '10m');
    await open();
    const client = jetstream(connection);
    await Promise.all(Array.from({ length: 50 }, (_, count) => client.publish(`evt.job.job_${count}`, '{}')));
    await cutAndRestart();
    const manager = await jetstreamManager(connection);
    const messages = await manager.streams.info('JOBS').then(
      ({ state }) => state.messages,
      () => 0,
    );
    expect(messages).toBeLessThan(50);
  });
});
