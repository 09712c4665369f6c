// Projections on a real log and a real read store: whole, resumed, and rebuilt.
import { join } from 'node:path';
import { memoryEventStore, newId } from '@baton/event-store';
import {
  type Collection,
  type CollectionOptions,
  type Document,
  openReadStore,
  type ReadStore,
} from '@baton/read-store';
import { temporaryFolder, type TemporaryFolder } from '@baton/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runProjection } from './projection.ts';
import { appendModel, type Counted, countedProjection } from './testing/counted.ts';

let folder: TemporaryFolder;
let readStore: ReadStore;
let stopping: AbortController;
let store: ReturnType<typeof memoryEventStore>;
const reported: unknown[] = [];

beforeEach(async () => {
  folder = await temporaryFolder('baton-projection-');
  readStore = await openReadStore(`sqlite:${join(folder.path, 'read.db')}`);
  stopping = new AbortController();
  store = memoryEventStore();
});
afterEach(async () => {
  reported.length = 0;
  stopping.abort();
  await readStore.close();
  await folder.cleanup();
});

function start(version = 1, reads: ReadStore = readStore) {
  const report = (error: unknown) => void reported.push(error);
  return runProjection(countedProjection(version), { store, readStore: reads, signal: stopping.signal, report });
}

function append(id: string, revision: number, position: number, type?: string): Promise<number> {
  return appendModel(store, { id, revision, position, ...(type === undefined ? {} : { type }) });
}

describe('a projection', () => {
  it('has applied all of the log when it says so, and then follows', async () => {
    const id = newId('model');
    const first = await append(id, 1, 0);
    const handle = await start();
    await handle.caughtUp;
    expect(await handle.collection.get(id)).toMatchObject({ revision: 1, names: 1 });
    await append(id, 2, first);
    await handle.waitForRevision(id, 2);
    expect(await handle.collection.get(id)).toMatchObject({ revision: 2, names: 2 });
  });

  it('resumes behind its checkpoint, so that nothing is counted twice', async () => {
    const id = newId('model');
    const first = await append(id, 1, 0);
    await (
      await start()
    ).caughtUp;
    stopping.abort();
    stopping = new AbortController();
    await append(id, 2, first);
    const handle = await start();
    await handle.caughtUp;
    expect(await handle.collection.get(id)).toMatchObject({ revision: 2, names: 2 });
  });

  it('is rebuilt when its code has another version', async () => {
    const id = newId('model');
    await append(id, 1, 0);
    await (
      await start()
    ).caughtUp;
    stopping.abort();
    stopping = new AbortController();
    const handle = await start(2);
    await handle.caughtUp;
    expect(await handle.collection.get(id)).toMatchObject({ names: 1 });
  });

  it('is rebuilt when the log is not the one that it was made from', async () => {
    await append(newId('model'), 1, 0);
    await (
      await start()
    ).caughtUp;
    stopping.abort();
    stopping = new AbortController();
    store = memoryEventStore();
    const other = newId('model');
    await append(other, 1, 0);
    const handle = await start();
    await handle.caughtUp;
    expect((await handle.collection.page({ anyOf: [], limit: 10 })).items.map(({ id }) => id)).toEqual([other]);
  });

  it('does not start on a log on disk that is shorter than what was read from it, unless the read model is deleted', async () => {
    await append(newId('model'), 1, 0);
    await append(newId('model'), 1, 0);
    await (
      await start()
    ).caughtUp;
    const [hash, shorter] = [await store.hashAt(1), memoryEventStore()];
    store = {
      ...shorter,
      durability: 'fsync',
      lastPosition: async () => 1,
      hashAt: async (at) => (at === 1 ? hash : null),
    };
    await expect(start()).rejects.toMatchObject({ code: 'internal', detail: 'it ends at 1, counted has read 2' });
  });

  it('removes a document, and lets nobody wait for it in vain', async () => {
    const id = newId('model');
    const first = await append(id, 1, 0);
    const handle = await start();
    await handle.caughtUp;
    const waiting = handle.waitForRevision(id, 3);
    await append(id, 2, first, 'ModelDeleted');
    await waiting;
    expect(await handle.collection.get(id)).toBeNull();
  });

  it('says that a revision is not readable yet when it does not come in time', async () => {
    const handle = await start();
    await expect(handle.waitForRevision(newId('model'), 1, 50)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('looks up what is stored of those alone that do not begin here', async () => {
    const asked: string[] = [];
    const listening: ReadStore = {
      close: () => readStore.close(),
      async collection<D extends Document>(name: string, options: CollectionOptions): Promise<Collection<D>> {
        const real = await readStore.collection<D>(name, options);
        if (name !== 'counted') return real;
        const getMany: Collection<D>['getMany'] = (ids) => {
          asked.push(...ids);
          return real.getMany(ids);
        };
        const bound = { checkpoint: () => real.checkpoint(), apply: real.apply.bind(real), get: real.get.bind(real) };
        return Object.assign(Object.create(real) as Collection<D>, { ...bound, getMany });
      },
    };
    const handle = await start(1, listening);
    await handle.caughtUp;
    const [known, fresh] = [newId('model'), newId('model')];
    const first = await append(known, 1, 0);
    await handle.waitForRevision(known, 1);
    await append(known, 2, first);
    await append(fresh, 1, 0);
    const written = await readStore.collection<Counted>('counted', countedProjection());
    await vi.waitFor(async () => expect(await written.getMany([known, fresh])).toHaveLength(2), { timeout: 60_000 });
    expect(await written.get(known)).toMatchObject({ revision: 2, names: 2 });
    expect(asked).toEqual([known]);
  });
});
