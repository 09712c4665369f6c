// Commits of which few make as many bytes as are asked for at once: read whole all the same, by those who read and those who follow.
import { type NatsServer, startNatsServer } from '@baton/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readBatches } from '../batches.ts';
import type { EventStore } from '../port.ts';
import { commit, newRef, positionsOf, takeUntil } from '../testing/commits.ts';
import { openJetStreamEventStore } from './jetstream-event-store.ts';

/** Three times what one pull brings. */
const COUNT = 24;
const BYTES = 500_000;

let server: NatsServer;
let connection: NatsConnection;
let store: EventStore;

beforeEach(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url });
  store = await openJetStreamEventStore({ connection, stream: 'EVENTS' });
  const event = { type: 'NameReleased', v: 1, data: { note: 'x'.repeat(BYTES) } };
  for (let count = 0; count < COUNT; count += 1)
    await store.append(newRef(), commit({ events: [event] }), { kind: 'aggregate', position: 0 });
});
afterEach(async () => {
  await connection.close();
  await server.stop();
});

const positions = Array.from({ length: COUNT }, (_, index) => index + 1);

it('are given whole and in order, and never many more bytes at once than are asked for', async () => {
  const batches: number[][] = [];
  for await (const batch of readBatches(store, 0)) batches.push(batch.map(({ position }) => position));
  expect(batches.flat()).toEqual(positions);
  expect(Math.max(...batches.map(({ length }) => length))).toBeLessThan(COUNT);
});

it('are followed without a gap', async () => {
  const followed = await takeUntil(store.subscribe(0), (taken) => positionsOf(taken).length === COUNT);
  expect(positionsOf(followed)).toEqual(positions);
});
