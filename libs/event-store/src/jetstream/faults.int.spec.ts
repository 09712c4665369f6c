// What holds when the server is killed, restarted, frozen, or was set up wrongly.
import { STREAM_SUBJECTS } from '@baton/contracts';
import { DiscardPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type NatsServer, startNatsServer, tcpProxy, type TcpProxy } from '@baton/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Followed } from '../port.ts';
import { verifyChain } from '../stored-commit.ts';
import type { PendingWrite } from '../stream-writer.ts';
import { all, appendMany, commit, newRef, positionsOf } from '../testing/commits.ts';
import { writeChain } from '../testing/writer-contract.ts';
import { openJetStreamEventStore } from './jetstream-event-store.ts';
import { probeDurability } from './server-version.ts';

let server: NatsServer;
let connection: NatsConnection;

beforeEach(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
});
afterEach(async () => {
  await connection.close();
  await server.stop();
});

const open = (stream: 'EVENTS' | 'JOBS', timeoutMs = 20_000) =>
  openJetStreamEventStore({ connection, stream, syncAlways: true, timeoutMs });

/** A connection over a network that can be cut: a server that is stopped may still have answered. It goes with the test. */
async function overNetwork(): Promise<TcpProxy & { readonly connection: NatsConnection }> {
  const proxy = await tcpProxy(server.port);
  const far = await connect({ port: proxy.port, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  onTestFinished(async () => {
    await far.close();
    await proxy.close();
  });
  return { ...proxy, connection: far };
}

async function killAndRestart(): Promise<void> {
  await server.kill();
  await sleep(100);
  await server.restart();
}

describe('the pipelined writer', () => {
  it('loses and doubles nothing when the server is killed again and again under it', async () => {
    const store = await open('JOBS');
    const writer = store.openWriter({ after: 0 });
    const writes: PendingWrite[] = [];
    let running = true;
    const writing = (async () => {
      while (running) {
        await writer.ready();
        writes.push(...writeChain(writer, 10));
        await sleep(1);
      }
    })();
    for (let kills = 0; kills < 3; kills += 1) {
      await sleep(300);
      await killAndRestart();
    }
    await sleep(300);
    running = false;
    await writing;
    const done = await Promise.all(writes.map((write) => write.done));
    const stored = await all(store.readAll(0));
    expect(stored.map(({ hash }) => hash)).toEqual(done.map(({ hash }) => hash));
    expect(stored.map(({ position }) => position)).toEqual(done.map(({ position }) => position));
    expect(stored.length).toBeGreaterThan(500);
    writer.close();
  });

  it('finds out that another wrote while the server was away', async () => {
    const store = await open('JOBS');
    const writer = store.openWriter({ after: 0 });
    await Promise.all(writeChain(writer, 3).map((write) => write.done));
    const other = await connect({ servers: server.url });
    const otherStore = await openJetStreamEventStore({ connection: other, stream: 'JOBS' });
    process.kill(server.pid, 'SIGSTOP');
    const voided = writeChain(writer, 3);
    await server.kill();
    await server.restart();
    await otherStore
      .append(newRef('job'), commit(), { kind: 'stream', position: await otherStore.lastPosition() })
      .catch(() => undefined);
    const results = await Promise.allSettled(voided.map((write) => write.done));
    const stored = await all(otherStore.readAll(0));
    const acknowledged = results.filter(({ status }) => status === 'fulfilled').length;
    expect([3, 0]).toContain(acknowledged);
    expect(stored.filter(({ hash }) => voided.some((write) => write.hash === hash))).toHaveLength(acknowledged);
    await other.close();
    writer.close();
  });
});

describe('a subscription', () => {
  it('gives every commit once and in order while the server is killed and restarted', async () => {
    const store = await open('EVENTS');
    const abort = new AbortController();
    const followed: Followed[] = [];
    const following = (async () => {
      for await (const item of store.subscribe(0, { signal: abort.signal, aggregates: ['dataset'] }))
        followed.push(item);
    })();
    const ref = newRef();
    for (let kills = 0; kills < 3; kills += 1) {
      const appending = appendMany(store, ref, 200);
      await sleep(40);
      await killAndRestart();
      await appending;
    }
    await expect.poll(() => positionsOf(followed).length).toBe(600);
    await sleep(200);
    abort.abort();
    await following;
    expect(positionsOf(followed)).toEqual(Array.from({ length: 600 }, (_, index) => index + 1));
    expect(followed.filter(({ kind }) => kind === 'caught-up')).toHaveLength(1);
    verifyChain(await store.readAggregate(ref));
  });

  it('leaves no consumer behind', async () => {
    const store = await open('EVENTS');
    await appendMany(store, newRef(), 3);
    for (let index = 0; index < 3; index += 1) await all(store.readAll(0));
    const manager = await jetstreamManager(connection);
    await expect.poll(async () => (await manager.streams.info('EVENTS')).state.consumer_count).toBe(0);
  });
});

describe('an append', () => {
  it('takes effect once when the server is killed before it could answer', async () => {
    const store = await open('EVENTS');
    const ref = newRef();
    process.kill(server.pid, 'SIGSTOP');
    const appending = store.append(ref, commit(), { kind: 'aggregate', position: 0 });
    await sleep(50);
    await killAndRestart();
    await expect(appending).resolves.toMatchObject({ position: 1 });
    expect(await store.readAggregate(ref)).toHaveLength(1);
  });

  it('is answered once it was stored, though the answer was lost and the server forgot the message id', async () => {
    const store = await open('EVENTS');
    const ref = newRef();
    const manager = await jetstreamManager(connection);
    await manager.streams.update('EVENTS', { duplicate_window: 100_000_000 });
    const same = commit();
    const first = await store.append(ref, same, { kind: 'aggregate', position: 0 });
    await store.append(ref, commit(), { kind: 'aggregate', position: first.position });
    await sleep(400);
    await expect(store.append(ref, same, { kind: 'aggregate', position: 0 })).resolves.toEqual(first);
    expect(await store.lastPosition()).toBe(2);
  });

  it('ends with `outcome_unknown` when the server stays silent, and the same commit may then be appended again', async () => {
    const network = await overNetwork();
    const { connection: far } = network;
    const store = await openJetStreamEventStore({ connection: far, stream: 'EVENTS', timeoutMs: 2_000 });
    const ref = newRef();
    const same = commit();
    network.cut('up', 'down');
    const silent = store.append(ref, same, { kind: 'aggregate', position: 0 });
    await expect(silent).rejects.toMatchObject({ code: 'outcome_unknown', retryAfterMs: 1_000 });
    network.heal();
    const patient = await open('EVENTS');
    await expect(patient.append(ref, same, { kind: 'aggregate', position: 0 })).resolves.toMatchObject({ position: 1 });
    expect(await patient.lastPosition()).toBe(1);
  });

  it('ends with `unavailable` when nothing can have been written', async () => {
    const store = await open('EVENTS', 400);
    const manager = await jetstreamManager(connection);
    await manager.streams.delete('EVENTS');
    await expect(store.append(newRef(), commit(), { kind: 'aggregate', position: 0 })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('a disk without room', () => {
  it('has everything refused before it is sent, and what comes after that goes on in its place', async () => {
    let room = true;
    const store = await openJetStreamEventStore({ connection, stream: 'JOBS', hasRoom: () => room });
    const writer = store.openWriter({ after: 0 });
    const before = writeChain(writer, 3);
    room = false;
    const full = expect.objectContaining({ code: 'storage_full' }) as unknown;
    expect(() => writer.write(newRef('job'), commit())).toThrow(full as Error);
    await expect(store.append(newRef('job'), commit(), { kind: 'aggregate', position: 0 })).rejects.toEqual(full);
    // What was sent before is still acknowledged.
    await Promise.all(before.map((write) => write.done));
    expect(await store.lastPosition()).toBe(3);
    room = true;
    await expect(writer.write(newRef('job'), commit()).done).resolves.toMatchObject({ position: 4 });
    writer.close();
  });

  it('leaves the outcome unknown of what was sent and not answered', async () => {
    const network = await overNetwork();
    const { connection: far } = network;
    let asked = 0;
    // The disk is full when the commit would be sent once more.
    const hasRoom = () => (asked += 1) === 1;
    const store = await openJetStreamEventStore({ connection: far, stream: 'EVENTS', hasRoom });
    network.cut('up', 'down');
    const appending = store.append(newRef(), commit(), { kind: 'aggregate', position: 0 });
    await server.kill();
    await server.restart();
    network.heal();
    await expect(appending).rejects.toMatchObject({ code: 'outcome_unknown', cause: { code: 'storage_full' } });
  });
});

describe('the stream', () => {
  it('is refused when it is configured in a way that could lose events', async () => {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'JOBS', subjects: ['evt.job.*'], max_age: 60_000_000_000 });
    await expect(open('JOBS')).rejects.toMatchObject({
      code: 'internal',
      detail: expect.stringContaining('max_age') as string,
    });
  });

  it('of an earlier version gets the subjects that it lacks from whoever may add them; others wait', async () => {
    const { streams } = await jetstreamManager(connection);
    const subjects = STREAM_SUBJECTS.EVENTS.filter((subject) => subject !== 'evt.policy.*');
    const kept = { discard: DiscardPolicy.New, deny_delete: true, deny_purge: true, allow_direct: true };
    await streams.add({ name: 'EVENTS', subjects, ...kept });
    await expect(open('EVENTS', 300)).rejects.toMatchObject({ detail: 'evt.policy.* is not captured' });
    const waiting = open('EVENTS');
    const ref = newRef();
    await appendMany(await openJetStreamEventStore({ connection, stream: 'EVENTS', mayExtend: true }), ref, 2);
    expect(await (await waiting).readAggregate(ref)).toHaveLength(2);
    const { config } = await streams.info('EVENTS');
    expect(config).toMatchObject({ ...kept, subjects: [...STREAM_SUBJECTS.EVENTS] });
  });

  it('may be opened by many at the same time', async () => {
    await Promise.all(Array.from({ length: 5 }, () => open('EVENTS')));
    const config = (await (await jetstreamManager(connection)).streams.info('EVENTS')).config;
    expect(config).toMatchObject({
      deny_delete: true,
      deny_purge: true,
      discard: 'new',
      storage: 'file',
      retention: 'limits',
    });
  });

  it('says that what it acknowledges is on disk only if the server is new enough and was configured so', () => {
    expect(probeDurability(connection, { syncAlways: true })).toBe('fsync');
    expect(probeDurability(connection, { syncAlways: false })).toBe('interval');
  });

  it('names the position of what can not be read', async () => {
    const store = await open('EVENTS');
    const { id } = newRef();
    connection.publish(`evt.dataset.${id}`, '{"not":"a commit"}');
    await connection.flush();
    await expect.poll(() => store.lastPosition()).toBe(1);
    const failure = { code: 'internal', detail: expect.stringContaining('position 1') as string };
    await expect(store.readAggregate({ aggregate: 'dataset', id })).rejects.toMatchObject(failure);
    await expect(all(store.readAll(0))).rejects.toMatchObject(failure);
  });

  it('is read on behind what can not be read by those who want to be told of it', async () => {
    const store = await open('EVENTS');
    const { id } = newRef();
    connection.publish(`evt.dataset.${id}`, '{"not":"a commit"}');
    await connection.flush();
    await expect.poll(() => store.lastPosition()).toBe(1);
    await appendMany(store, newRef(), 2);
    const told: unknown[] = [];
    const read = await all(store.readAll(0, { onUnreadable: ({ position, ref }) => told.push({ position, ref }) }));
    expect(read.map(({ position }) => position)).toEqual([2, 3]);
    expect(told).toEqual([{ position: 1, ref: { aggregate: 'dataset', id } }]);
  });
});
