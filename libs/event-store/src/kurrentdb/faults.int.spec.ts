// What holds when connections to KurrentDB break before, while and after it commits, and when others write at the same time.
import { type KurrentDbServer, startKurrentDbServer } from '@baton/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Followed, UnreadableCommit } from '../port.ts';
import { verifyChain } from '../stored-commit.ts';
import type { PendingWrite } from '../stream-writer.ts';
import { all, appendMany, commit, newRef, positionsOf, takeUntil } from '../testing/commits.ts';
import { writeChain } from '../testing/writer-contract.ts';
import { connectKurrentDb, type KurrentDbConnection } from './connection.ts';
import { openKurrentDbEventStore } from './kurrentdb-event-store.ts';

let server: KurrentDbServer;
let connection: KurrentDbConnection;

beforeEach(async () => {
  server = await startKurrentDbServer();
  connection = await connectKurrentDb(server.url);
});
afterEach(async () => {
  await connection.close();
  await server.stop();
});

const open = (stream: 'EVENTS' | 'JOBS', timeoutMs = 20_000) =>
  openKurrentDbEventStore({ client: connection.client, stream, timeoutMs });
const first = { kind: 'aggregate', position: 0 } as const;

describe('an append', () => {
  it.each(['drop-after', 'drop-before'] as const)('takes effect once when the connection breaks: %s', async (fault) => {
    const store = await open('EVENTS');
    const ref = newRef();
    server.failNext(fault, fault);
    await expect(store.append(ref, commit(), first)).resolves.toMatchObject({ position: 1 });
    expect(await store.readAggregate(ref)).toHaveLength(1);
    expect(await store.lastPosition()).toBe(1);
    expect(server.appends).toBe(fault === 'drop-after' ? 3 : 1);
  });

  it('ends with `outcome_unknown` when the server stays silent, and the same commit may then be appended again', async () => {
    const hasty = await open('EVENTS', 1_500);
    const ref = newRef();
    const same = commit();
    server.failNext('hold');
    const silent = hasty.append(ref, same, first);
    await expect.poll(() => server.held).toBe(1);
    server.failNext(...Array.from({ length: 8 }, () => 'hold' as const));
    await expect(silent).rejects.toMatchObject({ code: 'outcome_unknown', retryAfterMs: 1_000 });
    // The publish that nobody waits for any more is overtaken by what comes after it, and must have no second effect.
    const patient = await open('EVENTS');
    const again = patient.append(ref, same, first);
    await expect.poll(() => server.held).toBeGreaterThan(1);
    server.release();
    await expect(again).resolves.toMatchObject({ position: 1 });
    expect(await patient.lastPosition()).toBe(1);
  });

  it('is answered once it was stored though another commit came behind it before the answer', async () => {
    const store = await open('EVENTS', 1_500);
    const ref = newRef();
    const same = commit();
    const { position } = await store.append(ref, same, first);
    await store.append(ref, commit(), { kind: 'aggregate', position });
    // A process that has not seen the commit id before knows the repeat by what stands behind the expected position.
    const other = await open('EVENTS');
    await expect(other.append(ref, same, first)).resolves.toMatchObject({ position });
    expect(await other.lastPosition()).toBe(2);
  });

  it('ends with `unavailable` when nothing can have been written', async () => {
    const store = await open('EVENTS', 1_500);
    const ref = newRef();
    await server.stop();
    await expect(store.append(ref, commit(), { kind: 'aggregate', position: 3 })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('that is too large is refused alone, and what was appended with it is stored', async () => {
    const store = await open('EVENTS');
    const huge = commit({ events: [{ type: 'NameReleased', v: 1, data: { note: 'x'.repeat(1_100_000) } }] });
    const [before, refused, behind] = await Promise.allSettled([
      store.append(newRef(), commit(), first),
      store.append(newRef(), huge, first),
      store.append(newRef(), commit(), first),
    ]);
    expect([before.status, behind.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(refused).toMatchObject({ reason: { code: 'payload_too_large' } });
    expect(await store.lastPosition()).toBe(2);
  });

  it('loses and doubles nothing when two processes write to the same aggregates', async () => {
    const other = await connectKurrentDb(server.url);
    const stores = [await open('EVENTS'), await openKurrentDbEventStore({ client: other.client, stream: 'EVENTS' })];
    const refs = [newRef(), newRef('model')];
    const written = await Promise.all(stores.flatMap((store) => refs.map((ref) => appendUntil(store, ref, 15))));
    const stored = await all((stores[0] ?? (await open('EVENTS'))).readAll(0));
    expect(stored.map(({ commitId }) => commitId).toSorted()).toEqual(written.flat().toSorted());
    expect(stored.map(({ position }) => position)).toEqual(stored.map((_, index) => index + 1));
    await other.close();
  });
});

async function appendUntil(store: Awaited<ReturnType<typeof open>>, ref: ReturnType<typeof newRef>, count: number) {
  const ids: string[] = [];
  while (ids.length < count) {
    const position = (await store.readAggregate(ref)).at(-1)?.position ?? 0;
    const next = commit();
    const done = await store.append(ref, next, { kind: 'aggregate', position }).catch((error: { code?: string }) => {
      if (error.code !== 'conflict') throw error;
      return null;
    });
    if (done !== null) ids.push(next.commitId);
  }
  return ids;
}

describe('the pipelined writer', () => {
  it('loses and doubles nothing when connections break before and after the server commits', async () => {
    const store = await open('JOBS');
    const writer = store.openWriter({ after: 0 });
    const writes: PendingWrite[] = [];
    for (let round = 0; round < 12; round += 1) {
      if (round % 3 === 0) server.failNext('drop-after', 'drop-before');
      await writer.ready();
      writes.push(...writeChain(writer, 10));
      await sleep(20);
    }
    const done = await Promise.all(writes.map((write) => write.done));
    const stored = await all(store.readAll(0));
    expect(stored.map(({ hash }) => hash)).toEqual(done.map(({ hash }) => hash));
    expect(stored).toHaveLength(120);
    writer.close();
  });

  it('gives up what is in flight when it is closed, and tells that nobody knows whether it was written', async () => {
    const store = await open('JOBS');
    const writer = store.openWriter({ after: 0 });
    server.failNext('hold');
    const [write] = writeChain(writer, 1);
    await expect.poll(() => server.held).toBe(1);
    writer.close();
    await expect(write?.done).rejects.toMatchObject({ code: 'outcome_unknown' });
  });
});

describe('a subscription', () => {
  it('gives every commit once and in order while the server goes away and comes back', async () => {
    const store = await open('EVENTS');
    const abort = new AbortController();
    const followed: Followed[] = [];
    const following = (async () => {
      for await (const item of store.subscribe(0, { signal: abort.signal })) followed.push(item);
    })();
    const ref = newRef();
    for (let round = 0; round < 3; round += 1) {
      const appending = appendMany(store, ref, 60);
      await sleep(30);
      await server.stop();
      await sleep(30);
      await server.restart();
      await appending;
    }
    await expect.poll(() => positionsOf(followed).length).toBe(180);
    abort.abort();
    await following;
    expect(positionsOf(followed)).toEqual(Array.from({ length: 180 }, (_, index) => index + 1));
    expect(followed.filter(({ kind }) => kind === 'caught-up')).toHaveLength(1);
    verifyChain(await store.readAggregate(ref));
  });
});

describe('the stream', () => {
  it('is refused when its metadata lets the server forget events', async () => {
    await connection.client.setStreamMetadata('baton-JOBS', { maxCount: 1_000 });
    await expect(open('JOBS')).rejects.toMatchObject({ code: 'internal', detail: 'its metadata has maxCount' });
  });

  it('is refused when somebody else wrote to it, naming the position', async () => {
    const store = await open('EVENTS');
    const { jsonEvent } = await import('@kurrent/kurrentdb-client');
    await connection.client.appendToStream('baton-EVENTS', jsonEvent({ type: 'foreign', data: {} }));
    const failure = { code: 'internal', detail: expect.stringContaining('position 1') as string };
    await expect(all(store.readAll(0))).rejects.toMatchObject(failure);
    await appendMany(store, newRef(), 1);
    const told: unknown[] = [];
    const onUnreadable = ({ position, ref }: UnreadableCommit) => told.push({ position, ref });
    expect(await all(store.readAll(0, { onUnreadable }))).toMatchObject([{ position: 2 }]);
    expect(await takeUntil(store.subscribe(0, { onUnreadable }), ({ length }) => length === 2)).toMatchObject([
      { kind: 'commit', commit: { position: 2 } },
      { kind: 'caught-up', position: 2 },
    ]);
    expect(told).toEqual([
      { position: 1, ref: null },
      { position: 1, ref: null },
    ]);
  });

  it('says that what it acknowledges is on disk unless it was told that the server does not flush', async () => {
    expect((await open('EVENTS')).durability).toBe('fsync');
    const unsafe = await openKurrentDbEventStore({ client: connection.client, stream: 'EVENTS', flushes: false });
    expect(unsafe.durability).toBe('interval');
  });
});
