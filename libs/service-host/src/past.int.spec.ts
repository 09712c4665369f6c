// Read models as they were: the same as the projection had then, for a time and for a position, and not for as many as like at once.
import { memoryEventStore, newId } from '@baton/event-store';
import { openSqliteReadStore } from '@baton/read-store';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PastReader } from './past.ts';
import { runProjection } from './projection.ts';
import { appendModel, type Counted, countedProjection } from './testing/counted.ts';

const NOW = 1_000_000;
const projection = countedProjection();
const [first, second] = [newId('model'), newId('model')];
let store: ReturnType<typeof memoryEventStore>;
let past: PastReader;
const refused = (code: string) => expect.objectContaining({ code });

beforeEach(() => {
  store = memoryEventStore();
  past = new PastReader({ now: () => NOW });
});
afterEach(() => past.close());

const then = (at: string) => past.at<Counted>(projection, store, at);
const all = async (at: string) => {
  const { items } = await (
    await then(at)
  ).page({ anyOf: [], sort: { field: 'createdAt', descending: false }, limit: 10 });
  return items.map(({ id, names }) => `${id === first ? 'first' : 'second'} ${names}`).toSorted();
};

async function history(): Promise<void> {
  const one = await appendModel(store, { id: first, revision: 1, position: 0, at: 100 });
  await appendModel(store, { id: second, revision: 1, position: 0, at: 200 });
  await appendModel(store, { id: first, revision: 2, position: one, at: 300 });
  await appendModel(store, { id: second, revision: 2, position: 2, type: 'ModelDeleted', at: 400 });
}

it('are what the log said then, by time and by position', async () => {
  await history();
  expect(await all('100')).toEqual(['first 1']);
  expect(await all('299')).toEqual(['first 1', 'second 1']);
  expect(await all('399')).toEqual(['first 2', 'second 1']);
  expect(await all(String(NOW))).toEqual(['first 2']);
  expect(await all('position:2')).toEqual(['first 1', 'second 1']);
  expect(await all('position:4')).toEqual(['first 2']);
  expect(await all('position:0')).toEqual([]);
});

it('are at every position what the projection had after it (against the projection itself)', async () => {
  await history();
  for (const position of [1, 2, 3, 4]) {
    const until = memoryEventStore();
    for await (const { ref, position: at, hash: _hash, ...commit } of store.readAll(0))
      if (at <= position) await until.append(ref, commit, { kind: 'stream', position: at - 1 });
    const readStore = await openSqliteReadStore({ path: ':memory:' });
    const stopping = new AbortController();
    const report = () => {};
    const live = await runProjection(projection, { store: until, readStore, signal: stopping.signal, report });
    await live.caughtUp;
    const there = await then(`position:${position}`);
    for (const id of [first, second]) expect(await there.get(id)).toEqual(await live.collection.get(id));
    stopping.abort();
    await readStore.close();
  }
});

it('stay the same while the log grows, and are read once', async () => {
  await history();
  const before = await then('250');
  await appendModel(store, { id: newId('model'), revision: 1, position: 0, at: 500 });
  expect(await then('250')).toBe(before);
  expect(await all('250')).toEqual(['first 1', 'second 1']);
});

it('are refused for a time ahead, before anything happened, and for a position that is not there yet', async () => {
  await history();
  const issues = [{ pointer: '/at', detail: expect.any(String) as string }];
  for (const at of [String(NOW + 1), '99', 'position:5'])
    await expect(then(at)).rejects.toEqual(expect.objectContaining({ code: 'invalid_input', issues }));
  await expect(past.at(projection, memoryEventStore(), '5')).rejects.toEqual(refused('invalid_input'));
});

it('are made one after the other, and no more than a few wait', async () => {
  await history();
  const asked = await Promise.allSettled(Array.from({ length: 9 }, (_, index) => then(String(101 + index))));
  const codes = asked.map((each) => (each.status === 'fulfilled' ? 'ok' : (each.reason as { code: string }).code));
  expect(codes.filter((code) => code === 'ok')).toHaveLength(5);
  expect(codes.filter((code) => code === 'unavailable')).toHaveLength(4);
  expect(await all('150')).toEqual(['first 1']);
});
