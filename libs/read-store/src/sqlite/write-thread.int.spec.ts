// Writes in a thread: what they leave is the same as without, nothing is lost with the thread, and its errors are the store's.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../port.ts';
import { at, put, type Thing, THINGS } from '../testing/things.ts';
import { type Batch, storedCheckpoint } from './batch.ts';
import { BatchWriter } from './batch-writer.ts';
import { Database } from './database.ts';
import { openSqliteReadStore } from './store.ts';
import { WriteThread } from './write-thread.ts';

describe('the thread that writes', () => {
  let folder: string;
  let path: string;
  const things = (count: number, from = 0): Thing[] =>
    Array.from({ length: count }, (_, n) => ({ id: `t${from + n}`, text: 'x'.repeat(500) }));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'read-store-'));
    path = join(folder, 'read.sqlite');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('leaves the process free while a large batch is written, and what it has written is read as soon as that is told', async () => {
    const store = await openSqliteReadStore({ path });
    const collection = await store.collection<Thing>('things', THINGS);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    await collection.apply(put(...things(10_000)), at(1));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
    expect(await collection.count({})).toBe(10_000);
    await store.close();
  });

  it('leaves the same documents as without it, whatever the sizes of the batches, and however many are under way', async () => {
    const id = fc.integer({ min: 0, max: 20 }).map((n) => `t${n}`);
    const document = fc.record({ id, text: fc.string(), tags: fc.oneof(fc.string(), fc.array(fc.string())) });
    const change: fc.Arbitrary<Change<Thing>> = fc.oneof(
      document.map((thing) => ({ kind: 'put', document: thing }) as const),
      id.map((thing) => ({ kind: 'delete', id: thing }) as const),
    );
    const batches = fc.array(fc.tuple(fc.array(change, { maxLength: 12 }), fc.integer({ min: 0, max: 9 })));
    const [threaded, plain] = [
      await openSqliteReadStore({ path, worthAThread: 6 }),
      await openSqliteReadStore({ path: ':memory:' }),
    ];
    const stores = [threaded, plain];
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        runs += 1;
        const collections = await Promise.all(stores.map((store) => store.collection<Thing>(`run${runs}`, THINGS)));
        const left = collections.map(async (collection) => {
          await Promise.all(all.map(([changes, position]) => collection.apply(changes, at(position))));
          const { items } = await collection.page({ anyOf: [], limit: 100, sort: { field: 'id', descending: false } });
          return [items, await collection.count({ tags: 'a' }), await collection.checkpoint()];
        });
        const [one, other] = await Promise.all(left);
        expect(one).toEqual(other);
      }),
      { numRuns: 40 },
    );
    for (const store of stores) await store.close();
  });

  it('has written everything when the store is closed, and leaves no log of a crash behind', async () => {
    const store = await openSqliteReadStore({ path });
    const collection = await store.collection<Thing>('things', THINGS);
    const writing = collection.apply(put(...things(5_000)), at(7));
    await store.close();
    await writing;
    expect(readdirSync(folder)).toEqual(['read.sqlite']);
    const again = await openSqliteReadStore({ path });
    const reopened = await again.collection<Thing>('things', THINGS);
    expect([await reopened.count({}), await reopened.checkpoint()]).toEqual([5_000, at(7)]);
    await again.close();
  });

  it('is done without where it can not run', async () => {
    const thread = new WriteThread(join(folder, 'no', 'such', 'folder', 'read.sqlite'));
    expect(await thread.write({} as Batch)).toBeNull();
    expect(thread.isRunning).toBe(false);
    const database = Database.open(path, () => {});
    database.execute('CREATE TABLE things (id TEXT PRIMARY KEY, doc TEXT NOT NULL)');
    database.execute("INSERT INTO collections (name, version, scalars) VALUES ('things', 1, '[]')");
    const writer = new BatchWriter(database, 0, thread);
    const batch = { name: 'things', table: 'things', rows: [['t0', '{}']], lists: [], checkpoint: at(1) } as const;
    await writer.write(batch);
    expect(storedCheckpoint(database, 'things')).toEqual(at(1));
    await writer.close();
    database.close();
  });

  it('tells of damage as the store does, and the file is moved aside at the next start', async () => {
    const store = await openSqliteReadStore({ path, worthAThread: 0 });
    const collection = await store.collection<Thing>('things', THINGS);
    await collection.apply(put(...things(500)), at(1));
    await store.close();
    writeFileSync(path, readFileSync(path).fill(0xff, 8_192));
    const damaged = await openSqliteReadStore({ path, worthAThread: 0 });
    const attempt = (async () => {
      const opened = await damaged.collection<Thing>('things', THINGS);
      await opened.apply(put(...things(500, 500)), at(2));
    })();
    await expect(attempt).rejects.toMatchObject({ code: 'unavailable' });
    await damaged.close();
    const moved: string[] = [];
    const fresh = await openSqliteReadStore({ path, onDiscarded: (to) => moved.push(to) });
    expect(moved).toHaveLength(1);
    await fresh.close();
  });
});
