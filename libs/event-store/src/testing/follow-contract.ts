// Guarantees of following: no gap, no repeat, one mark between the past and the present, an end at once on abort.
import { describe, expect, it } from 'vitest';
import { appendMany, newRef, positionsOf, takeUntil } from './commits.ts';
import type { MakeStore } from './make-store.ts';

export function followContract(makeStore: MakeStore): void {
  describe('following', () => {
    completenessTests(makeStore);
    markTests(makeStore);
    endTests(makeStore);
  });
}

function completenessTests(makeStore: MakeStore): void {
  it('gives every commit once and in order while others append', async () => {
    const store = await makeStore('EVENTS');
    await appendMany(store, newRef(), 50);
    const appending = Promise.all([appendMany(store, newRef(), 300), appendMany(store, newRef('model'), 300)]);
    const followed = await takeUntil(store.subscribe(0), (taken) => positionsOf(taken).length === 650);
    await appending;
    expect(positionsOf(followed)).toEqual(Array.from({ length: 650 }, (_, index) => index + 1));
    expect(followed.filter(({ kind }) => kind === 'caught-up')).toHaveLength(1);
  });

  it('begins behind the position given', async () => {
    const store = await makeStore('EVENTS');
    await appendMany(store, newRef(), 10);
    const followed = await takeUntil(store.subscribe(7), (taken) => positionsOf(taken).length === 3);
    expect(positionsOf(followed)).toEqual([8, 9, 10]);
  });

  it('follows only the aggregates asked for', async () => {
    const store = await makeStore('EVENTS');
    await appendMany(store, newRef('model'), 2);
    const appending = (async () => {
      await appendMany(store, newRef('dataset'), 2);
      await appendMany(store, newRef('user'), 2);
      await appendMany(store, newRef('model'), 1);
    })();
    const followed = await takeUntil(
      store.subscribe(0, { aggregates: ['model', 'user'] }),
      (taken) => positionsOf(taken).length === 5,
    );
    await appending;
    expect(positionsOf(followed)).toEqual([1, 2, 5, 6, 7]);
  });
}

function markTests(makeStore: MakeStore): void {
  it('marks an empty stream as caught up at once', async () => {
    const store = await makeStore('EVENTS');
    expect(await takeUntil(store.subscribe(0), () => true)).toEqual([{ kind: 'caught-up', position: 0 }]);
  });

  it('marks once, between what was there and what comes', async () => {
    const store = await makeStore('EVENTS');
    const ref = newRef();
    await appendMany(store, ref, 3);
    const followed = await takeUntil(store.subscribe(1), (taken) => {
      if (taken.at(-1)?.kind === 'caught-up') void appendMany(store, ref, 2);
      return positionsOf(taken).length === 4;
    });
    expect(followed.map((item) => (item.kind === 'commit' ? item.commit.position : 'mark'))).toEqual([
      2,
      3,
      'mark',
      4,
      5,
    ]);
  });

  it('marks the position of the stream, also where the last commits are of other aggregates', async () => {
    const store = await makeStore('EVENTS');
    await appendMany(store, newRef('dataset'), 2);
    await appendMany(store, newRef('model'), 2);
    const followed = await takeUntil(
      store.subscribe(0, { aggregates: ['dataset'] }),
      (taken) => taken.at(-1)?.kind === 'caught-up',
    );
    expect(positionsOf(followed)).toEqual([1, 2]);
    expect(followed.at(-1)).toEqual({ kind: 'caught-up', position: 4 });
  });

  it('refuses to follow from behind the end: the log would be shorter than what was read from it', async () => {
    const store = await makeStore('EVENTS');
    await appendMany(store, newRef(), 2);
    await expect(takeUntil(store.subscribe(5), () => true)).rejects.toMatchObject({ code: 'internal' });
  });
}

function endTests(makeStore: MakeStore): void {
  it('ends at once when the signal aborts, waiting or not', async () => {
    const store = await makeStore('EVENTS');
    await appendMany(store, newRef(), 5);
    const waiting = new AbortController();
    const taken = takeUntil(store.subscribe(0, { signal: waiting.signal }), (items) => {
      if (items.at(-1)?.kind === 'caught-up') setTimeout(() => waiting.abort(), 20);
      return false;
    });
    const began = performance.now();
    expect(positionsOf(await taken)).toHaveLength(5);
    expect(performance.now() - began).toBeLessThan(2_000);

    const reading = new AbortController();
    const followed = await takeUntil(store.subscribe(0, { signal: reading.signal }), (items) => {
      if (items.length === 2) reading.abort();
      return false;
    });
    expect(positionsOf(followed)).toEqual([1, 2]);
  });

  it('gives nothing when the signal was aborted before', async () => {
    const store = await makeStore('EVENTS');
    await appendMany(store, newRef(), 2);
    expect(await takeUntil(store.subscribe(0, { signal: AbortSignal.abort() }), () => true)).toEqual([]);
  });
}
