// Logs of more commits than one pull brings: a single consumer reads them to the end.
import { type NatsServer, startNatsServer } from '@baton/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readBatches } from '../batches.ts';
import type { PipelinedEventStore } from '../stream-writer.ts';
import { positionsOf, takeUntil } from '../testing/commits.ts';
import { writeChain } from '../testing/writer-contract.ts';
import { openJetStreamEventStore } from './jetstream-event-store.ts';

/** Some pulls more than two. */
const COUNT = 5_000;

let server: NatsServer;
let connection: NatsConnection;
let store: PipelinedEventStore;
let consumers: number;

beforeEach(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url });
  store = await openJetStreamEventStore({ connection, stream: 'JOBS' });
  const writer = store.openWriter({ after: 0 });
  await Promise.all(writeChain(writer, COUNT).map((write) => write.done));
  writer.close();
  consumers = 0;
  connection.subscribe('$JS.EVENT.ADVISORY.CONSUMER.CREATED.>', { callback: () => void (consumers += 1) });
});
afterEach(async () => {
  await connection.close();
  await server.stop();
});

it('are read by one consumer', async () => {
  let read = 0;
  for await (const batch of readBatches(store, 0)) read += batch.length;
  await connection.flush();
  expect({ read, consumers }).toEqual({ read: COUNT, consumers: 1 });
});

it('are followed by one consumer', async () => {
  const followed = await takeUntil(store.subscribe(0), (taken) => positionsOf(taken).length === COUNT);
  await connection.flush();
  expect(positionsOf(followed)).toHaveLength(COUNT);
  expect(consumers).toBe(1);
});
