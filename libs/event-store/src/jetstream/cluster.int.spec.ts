// What holds on a stream of three replicas.
import { freePort, type NatsServer, startNatsServer } from '@baton/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PipelinedEventStore } from '../stream-writer.ts';
import { all, commit, newRef, positionsOf, takeUntil } from '../testing/commits.ts';
import { writeChain } from '../testing/writer-contract.ts';
import { openJetStreamEventStore } from './jetstream-event-store.ts';

let servers: NatsServer[];
let connection: NatsConnection;
let store: PipelinedEventStore;

beforeAll(async () => {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const config = (port: number) =>
    `server_name: n${port}\ncluster { name: test, listen: "127.0.0.1:${port}", routes: [${routes}] }`;
  servers = await Promise.all(ports.map((port) => startNatsServer({ config: config(port) })));
  connection = await connect({
    servers: servers.map(({ url }) => url),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
  });
  store = await openOnceElected();
}, 90_000);
afterAll(async () => {
  await connection.close();
  await Promise.all(servers.map((server) => server.stop()));
});

/** A cluster that has just begun refuses to make streams until it has a leader. */
async function openOnceElected(): Promise<PipelinedEventStore> {
  for (let left = 60; ; left -= 1) {
    try {
      return await openJetStreamEventStore({ connection, stream: 'JOBS', replicas: 3, syncAlways: true });
    } catch (error) {
      if (left === 0) throw error;
      await sleep(1_000);
    }
  }
}

it('reads everything that was acknowledged, whichever replica answers', async () => {
  const writer = store.openWriter({ after: 0 });
  const written = await Promise.all(writeChain(writer, 200).map((write) => write.done));
  writer.close();
  const hashes = written.map(({ hash }) => hash);
  for (let times = 0; times < 5; times += 1) {
    expect((await all(store.readAll(0))).map(({ hash }) => hash)).toEqual(hashes);
  }
  const followed = await takeUntil(
    store.subscribe(0, { aggregates: ['job'] }),
    (taken) => taken.at(-1)?.kind === 'caught-up',
  );
  expect(positionsOf(followed)).toHaveLength(200);
}, 60_000);

it('voids what was in flight when another was first, and goes on afterwards', async () => {
  const base = await store.lastPosition();
  const writer = store.openWriter({ after: base });
  const other = newRef('job');
  await store.append(other, commit(), { kind: 'stream', position: base });
  const results = await Promise.allSettled(writeChain(writer, 20).map((write) => write.done));
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect((await all(store.readAll(base))).map(({ ref }) => ref)).toEqual([other]);
  writer.reset(await store.lastPosition());
  const after = await Promise.all(writeChain(writer, 5).map((write) => write.done));
  expect(after.map(({ position }) => position - base)).toEqual([2, 3, 4, 5, 6]);
  writer.close();
}, 60_000);
