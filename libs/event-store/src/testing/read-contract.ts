// Guarantees of reading: what was acknowledged is seen, in order, whole, with its hash.
import { describe, expect, it } from 'vitest';
import { hashOf, verifyChain } from '../stored-commit.ts';
import { all, appendMany, commit, membersOf, newRef } from './commits.ts';
import type { MakeStore } from './make-store.ts';

export function readContract(makeStore: MakeStore): void {
  describe('reading', () => {
    aggregateTests(makeStore);
    streamTests(makeStore);
  });
}

function aggregateTests(makeStore: MakeStore): void {
  it('reads what was just appended, in order, with every member as it was', async () => {
    const store = await makeStore('EVENTS');
    const ref = newRef();
    for (let count = 1; count <= 5; count += 1) {
      await appendMany(store, ref, 1);
      await appendMany(store, newRef('model'), 1);
      expect(await store.readAggregate(ref)).toHaveLength(count);
    }
    const [recorded] = await appendMany(store, newRef('model'), 1);
    expect((await store.readAggregate(recorded?.ref ?? ref)).map(membersOf)).toEqual([recorded]);
  });

  it('reads nothing of an aggregate that has no commits', async () => {
    const store = await makeStore('EVENTS');
    expect(await store.readAggregate(newRef())).toEqual([]);
    await appendMany(store, newRef(), 2);
    expect(await store.readAggregate(newRef())).toEqual([]);
  });

  it('reads long aggregates whole, and their chain of hashes holds', async () => {
    const store = await makeStore('EVENTS');
    const ref = newRef();
    await appendMany(store, newRef(), 10);
    const appended = await appendMany(store, ref, 700);
    const read = await store.readAggregate(ref);
    expect(read.map(membersOf)).toEqual(appended);
    verifyChain(read);
    expect(() => verifyChain(read.toSpliced(300, 1))).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  it('keeps the bytes: the hash is that of the JSON that was appended', async () => {
    const store = await makeStore('EVENTS');
    const ref = newRef();
    const appended = commit();
    const { position, hash } = await store.append(ref, appended, { kind: 'aggregate', position: 0 });
    expect(hash).toBe(hashOf(Buffer.from(JSON.stringify(appended))));
    expect(await store.hashAt(position)).toBe(hash);
    expect((await store.readAggregate(ref))[0]?.hash).toBe(hash);
  });
}

function streamTests(makeStore: MakeStore): void {
  it('has no hash where there is no commit', async () => {
    const store = await makeStore('EVENTS');
    expect(await store.hashAt(0)).toBeNull();
    expect(await store.hashAt(1)).toBeNull();
  });

  it('says the position of the newest commit, 0 when there is none', async () => {
    const store = await makeStore('EVENTS');
    expect(await store.lastPosition()).toBe(0);
    await appendMany(store, newRef(), 3);
    expect(await store.lastPosition()).toBe(3);
  });

  it('reads all that is there after a position, in order, and ends', async () => {
    const store = await makeStore('EVENTS');
    expect(await all(store.readAll(0))).toEqual([]);
    await appendMany(store, newRef(), 600);
    await appendMany(store, newRef('model'), 600);
    expect((await all(store.readAll(0))).map(({ position }) => position)).toEqual(
      Array.from({ length: 1_200 }, (_, index) => index + 1),
    );
    expect((await all(store.readAll(1_198))).map(({ position }) => position)).toEqual([1_199, 1_200]);
    expect(await all(store.readAll(1_200))).toEqual([]);
  });

  it('reads only the aggregates asked for', async () => {
    const store = await makeStore('EVENTS');
    await appendMany(store, newRef('dataset'), 2);
    await appendMany(store, newRef('model'), 2);
    await appendMany(store, newRef('user'), 2);
    const read = await all(store.readAll(1, { aggregates: ['dataset', 'user'] }));
    expect(read.map(({ position, ref }) => [position, ref.aggregate])).toEqual([
      [2, 'dataset'],
      [5, 'user'],
      [6, 'user'],
    ]);
    expect(await all(store.readAll(0, { aggregates: ['endpoint'] }))).toEqual([]);
    expect(await all(store.readAll(0, { aggregates: [] }))).toEqual([]);
  });
}
