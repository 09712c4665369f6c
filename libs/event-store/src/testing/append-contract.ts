// Guarantees of appending: expectations, one winner, idempotence by commit id.
import { hasCode } from '@baton/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Commit, EventStore, Expectation } from '../port.ts';
import { all, appendMany, commit, newRef } from './commits.ts';
import type { MakeStore } from './make-store.ts';

const atAggregate = (position: number): Expectation => ({ kind: 'aggregate', position });
const atStream = (position: number): Expectation => ({ kind: 'stream', position });

export function appendContract(makeStore: MakeStore): void {
  describe('append', () => {
    expectationTests(makeStore);
    racingTests(makeStore);
    idempotenceTests(makeStore);
    refusalTests(makeStore);
  });
}

function expectationTests(makeStore: MakeStore): void {
  it('takes the first commit of an aggregate when it expects none', async () => {
    const store = await makeStore('EVENTS');
    const appended = await store.append(newRef(), commit(), atAggregate(0));
    expect(appended).toEqual({ position: 1, hash: await store.hashAt(1) });
  });

  it('refuses with `conflict` when the aggregate has a newer commit than expected', async () => {
    const store = await makeStore('EVENTS');
    const ref = newRef();
    const first = await store.append(ref, commit(), atAggregate(0));
    await store.append(ref, commit(), atAggregate(first.position));
    await expect(store.append(ref, commit(), atAggregate(first.position))).rejects.toMatchObject({ code: 'conflict' });
    await expect(store.append(ref, commit(), atAggregate(0))).rejects.toMatchObject({ code: 'conflict' });
    expect(await store.lastPosition()).toBe(2);
  });

  it('lets commits of other aggregates pass between', async () => {
    const store = await makeStore('EVENTS');
    const ref = newRef();
    const first = await store.append(ref, commit(), atAggregate(0));
    await store.append(newRef('model'), commit(), atAggregate(0));
    await expect(store.append(ref, commit(), atAggregate(first.position))).resolves.toMatchObject({ position: 3 });
  });

  it('refuses with `conflict` when the stream has a newer commit than expected, of whatever aggregate', async () => {
    const store = await makeStore('JOBS');
    const first = await store.append(newRef('job'), commit(), atStream(0));
    await store.append(newRef('job'), commit(), atStream(first.position));
    await expect(store.append(newRef('job'), commit(), atStream(first.position))).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('refuses with `conflict` when it expects more than there is', async () => {
    const store = await makeStore('EVENTS');
    await expect(store.append(newRef(), commit(), atAggregate(7))).rejects.toMatchObject({ code: 'conflict' });
    await expect(store.append(newRef(), commit(), atStream(7))).rejects.toMatchObject({ code: 'conflict' });
  });
}

function racingTests(makeStore: MakeStore): void {
  it('lets exactly one of racing appends win', async () => {
    const store = await makeStore('EVENTS');
    const ref = newRef();
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => store.append(ref, commit(), atAggregate(0))),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(reasons.filter((reason) => hasCode(reason, 'conflict'))).toHaveLength(19);
    expect(await store.readAggregate(ref)).toHaveLength(1);
  });

  it('loses and doubles nothing when many append to the same aggregates and repeat on conflict', async () => {
    const schedules = fc.array(fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 6 }), {
      minLength: 2,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(schedules, async (writers) => {
        const store = await makeStore('EVENTS');
        const refs = [newRef(), newRef(), newRef('model')];
        const written = await Promise.all(writers.map((picks) => writeAll(store, refs, picks)));
        const stored = await all(store.readAll(0));
        expect(stored.map((found) => found.commitId).toSorted()).toEqual(written.flat().toSorted());
      }),
      { numRuns: 10 },
    );
  });
}

async function writeAll(
  store: EventStore,
  refs: readonly ReturnType<typeof newRef>[],
  picks: readonly number[],
): Promise<string[]> {
  const written: string[] = [];
  for (const pick of picks) {
    const ref = refs[pick] ?? newRef();
    const next = commit();
    for (let done = false; !done;) {
      const position = (await store.readAggregate(ref)).at(-1)?.position ?? 0;
      done = await store.append(ref, next, atAggregate(position)).then(() => true, isConflict);
    }
    written.push(next.commitId);
  }
  return written;
}

/** `false`: try again. */
function isConflict(error: unknown): false {
  if (!hasCode(error, 'conflict')) throw error;
  return false;
}

function idempotenceTests(makeStore: MakeStore): void {
  it('answers the same position when the same commit is appended again, and stores it once', async () => {
    const store = await makeStore('EVENTS');
    const ref = newRef();
    const first = commit();
    const appended = await store.append(ref, first, atAggregate(0));
    await store.append(ref, commit(), atAggregate(appended.position));
    await expect(store.append(ref, first, atAggregate(0))).resolves.toEqual(appended);
    expect(await store.lastPosition()).toBe(2);
  });

  it('answers the same position to repeats that race', async () => {
    const store = await makeStore('JOBS');
    const ref = newRef('job');
    const same = commit();
    const results = await Promise.all(Array.from({ length: 10 }, () => store.append(ref, same, atStream(0))));
    expect(new Set(results.map(({ position }) => position))).toEqual(new Set([1]));
    expect(await store.lastPosition()).toBe(1);
  });

  it('refuses a commit id that another commit has', async () => {
    const store = await makeStore('EVENTS');
    const first = commit();
    await store.append(newRef(), first, atAggregate(0));
    const other: Commit = { ...commit(), commitId: first.commitId };
    await expect(store.append(newRef(), other, atAggregate(0))).rejects.toMatchObject({ code: 'internal' });
    expect(await store.lastPosition()).toBe(1);
  });
}

function refusalTests(makeStore: MakeStore): void {
  it('refuses an aggregate that belongs to another stream', async () => {
    const store = await makeStore('EVENTS');
    await expect(store.append(newRef('job'), commit(), atAggregate(0))).rejects.toMatchObject({ code: 'internal' });
  });

  it('refuses an id that can not stand in a subject', async () => {
    const store = await makeStore('EVENTS');
    await expect(store.append({ aggregate: 'dataset', id: 'dst_*' }, commit(), atAggregate(0))).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it('refuses what could never be read again', async () => {
    const store = await makeStore('EVENTS');
    const noEvents = { ...commit(), events: [] };
    await expect(store.append(newRef(), noEvents, atAggregate(0))).rejects.toMatchObject({ code: 'internal' });
    const recorded = await appendMany(store, newRef(), 1);
    await expect(store.append(newRef(), recorded[0] ?? commit(), atAggregate(0))).rejects.toMatchObject({
      code: 'internal',
    });
  });
}
