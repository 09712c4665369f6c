// Logs of more commits than one pull brings: a single consumer reads them to the end, behind what other means have read.
import { type NatsServer, startNatsServer } from '@baton/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readBatches } from '../batches.ts';
import type { PipelinedEventStore } from '../stream-writer.ts';
import { positionsOf, takeUntil } from '../testing/commits.ts';
import { writeChain } from '../testing/writer-contract.ts';
import { openJetStreamEventStore } from './jetstream-event-store.ts';
import type { LongRead, Part } from './long-reads.ts';
import { storedStream } from './stored-messages.ts';

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

/** Gives so many, and then ends or throws. */
class HalfWay implements LongRead {
  readonly least: number;
  readonly asked: Part[] = [];
  readonly #gives: number;
  readonly #error: Error | null;

  constructor(gives: number, { least = 1, error = null }: { least?: number; error?: Error | null } = {}) {
    this.least = least;
    this.#gives = gives;
    this.#error = error;
  }

  async *read(part: Part) {
    this.asked.push(part);
    yield* storedStream(connection, 'JOBS').read(part.after, part.after + this.#gives);
    if (this.#error) throw this.#error;
  }
}

async function positionsRead(longRead: LongRead, after = 0): Promise<number[]> {
  const positions: number[] = [];
  for await (const batch of readBatches(await openJetStreamEventStore({ connection, stream: 'JOBS', longRead }), after))
    positions.push(...batch.map(({ position }) => position));
  return positions;
}

function upToEnd(after = 0): number[] {
  return Array.from({ length: COUNT - after }, (_, index) => after + index + 1);
}

it.each([
  ['ends early', new HalfWay(3_000)],
  ['throws', new HalfWay(3_000, { error: new Error('the thread is gone') })],
  ['gives nothing', new HalfWay(0)],
  ['gives all', new HalfWay(COUNT)],
] as const)('are whole where what reads them otherwise %s', async (_, longRead) => {
  expect(await positionsRead(longRead)).toEqual(upToEnd());
  expect(longRead.asked).toEqual([{ after: 0, end: COUNT, signal: undefined }]);
});

it('are read by the store itself where little is left', async () => {
  const longRead = new HalfWay(COUNT, { least: 1_001 });
  expect(await positionsRead(longRead, COUNT - 1_000)).toEqual(upToEnd(COUNT - 1_000));
  expect(longRead.asked).toEqual([]);
});

it('are followed behind what was read otherwise, and their end is told once', async () => {
  const longRead = new HalfWay(3_000);
  const followed = await openJetStreamEventStore({ connection, stream: 'JOBS', longRead });
  const taken = await takeUntil(followed.subscribe(0), (items) => items.some(({ kind }) => kind === 'caught-up'));
  expect(positionsOf(taken)).toEqual(upToEnd());
  expect(longRead.asked).toHaveLength(1);
  expect(taken.at(-1)).toEqual({ kind: 'caught-up', position: COUNT });
});
