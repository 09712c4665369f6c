// A thread that reads a part of the log from a real nats-server, and what happens when it can't.
import { openJetStreamEventStore, type StoredMessage, storedStream } from '@baton/event-store';
import { commit, newRef } from '@baton/event-store/testing';
import { type NatsServer, startNatsServer } from '@baton/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readThread } from './read-thread.ts';

/** Of more than one parcel. */
const COUNT = 3_000;

const failures: string[] = [];
let server: NatsServer;
let connection: NatsConnection;

beforeAll(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url });
  const store = await openJetStreamEventStore({ connection, stream: 'JOBS' });
  const writer = store.openWriter({ after: 0 });
  const writes = Array.from({ length: COUNT }, () => writer.write(newRef('job'), commit({ revision: 1 })));
  await Promise.all(writes.map((write) => write.done));
  writer.close();
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

async function all(batches: AsyncIterable<readonly StoredMessage[]>): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = [];
  for await (const batch of batches) messages.push(...batch);
  return messages.map(({ position, subject, bytes }) => ({ position, subject, bytes: Uint8Array.from(bytes) }));
}

function thread(url = server.url) {
  return readThread({ url, role: 'scheduler' }, 'JOBS', {
    least: 1,
    onFailure: (error) => failures.push(String(error)),
  });
}

it('gives the part byte for byte', async () => {
  const there = await all(storedStream(connection, 'JOBS').read(500, 2_500));
  const given = await all(thread().read({ after: 500, end: 2_500, signal: undefined }));
  expect(given).toHaveLength(2_000);
  expect(given).toEqual(there);
});

it('ends where it is told to', async () => {
  const stopping = new AbortController();
  let count = 0;
  for await (const batch of thread().read({ after: 0, end: COUNT, signal: stopping.signal })) {
    count += batch.length;
    stopping.abort();
  }
  expect(count).toBeGreaterThan(0);
  expect(await all(thread().read({ after: 0, end: COUNT, signal: stopping.signal }))).toEqual([]);
});

it('is not missed by a store where it can not connect', async () => {
  const refused = thread('nats://127.0.0.1:1');
  const store = await openJetStreamEventStore({ connection, stream: 'JOBS', longRead: refused });
  let count = 0;
  for await (const _commit of store.readAll(0)) count += 1;
  expect(count).toBe(COUNT);
  expect(failures).toEqual([expect.stringContaining('ECONNREFUSED')]);
});
