// The MongoDB adapter: the contract on a real server, and what happens when a write is cut short.
import { randomUUID } from 'node:crypto';
import { type MongoServer, startMongoServer } from '@baton/testkit';
import { createConnection } from 'mongoose';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMongoReadStore } from '../open.ts';
import { describeReadStore } from '../testing/contract.ts';
import { at, put, type Thing, THINGS } from '../testing/things.ts';

const server: MongoServer | null = await startMongoServer();
if (server === null) {
  console.warn('SKIPPED: no MongoDB for the read store. Set MONGODB_URI, or BATON_MONGO_COMMAND, or run the setup.');
}
afterAll(() => server?.stop());

async function drop(database: string): Promise<void> {
  const connection = await createConnection(server?.uri ?? '', { dbName: database }).asPromise();
  await connection.dropDatabase();
  await connection.close();
}

const open = (database: string) => openMongoReadStore({ uri: server?.uri ?? '', database });

describe.skipIf(server === null)('with a MongoDB server', () => {
  describeReadStore(
    'mongo',
    async () => {
      const database = `test_${randomUUID()}`;
      return { open: () => open(database), dispose: () => drop(database) };
    },
    { runs: 15 },
  );

  describe('a batch of the mongo read store', () => {
    let database: string;
    beforeEach(() => {
      database = `test_${randomUUID()}`;
    });
    afterEach(() => drop(database));

    /** What a crash leaves that came after the batch was written down and after `written` of its documents. */
    async function crashAfter(written: number): Promise<void> {
      const store = await open(database);
      const things = await store.collection<Thing>('things', THINGS);
      await things.apply(put({ id: 'a', n: 1 }, { id: 'b', n: 1 }, { id: 'c', n: 1 }), at(1));
      await store.close();
      const changes = [...put({ id: 'a', n: 2 }, { id: 'd', n: 2 }), { kind: 'delete', id: 'b' }];
      const connection = await createConnection(server?.uri ?? '', { dbName: database }).asPromise();
      await connection
        .collection<{ _id: string }>('batches')
        .insertOne({ _id: 'chunk', collectionName: 'things', changes: JSON.stringify(changes) } as { _id: string });
      const batch = { ...at(2), chunks: ['chunk'] };
      await connection.collection<{ _id: string }>('collections').updateOne({ _id: 'things' }, { $set: { batch } });
      const replaced = [
        { _id: 'a', position: 2, doc: { id: 'a', n: 2 } },
        { _id: 'd', position: 2, doc: { id: 'd', n: 2 } },
      ];
      for (const record of replaced.slice(0, written)) {
        const { _id } = record;
        await connection.collection<{ _id: string }>('documents_things').replaceOne({ _id }, record, { upsert: true });
      }
      await connection.close();
    }

    it.each([0, 1, 2])('is finished after a crash that let %s of its documents through', async (written) => {
      await crashAfter(written);
      const store = await open(database);
      const things = await store.collection<Thing>('things', THINGS);
      expect(await things.checkpoint()).toEqual(at(2));
      const all = await things.page({ anyOf: [], sort: { field: 'id', descending: false }, limit: 10 });
      expect(all.items).toEqual([
        { id: 'a', n: 2 },
        { id: 'c', n: 1 },
        { id: 'd', n: 2 },
      ]);
      await store.close();
    });

    it('is finished before the next one is written', async () => {
      await crashAfter(1);
      const store = await open(database);
      const things = await store.collection<Thing>('things', THINGS);
      await things.apply(put({ id: 'a', n: 3 }), at(3));
      expect(await things.get('a')).toEqual({ id: 'a', n: 3 });
      expect(await things.get('b')).toBeNull();
      expect(await things.get('d')).toEqual({ id: 'd', n: 2 });
      await store.close();
    });
  });

  it('reports a server that is not there as unavailable', async () => {
    const uri = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200';
    await expect(openMongoReadStore({ uri, database: 'x' })).rejects.toMatchObject({ code: 'unavailable' });
  });
});
