// Projections on a real log and a real read store, how they write: at once or together, again after a failure, and never past it.
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
import { type ProjectionHandle, runProjection } from './projection.ts';
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

/** So many turns of the queue of promises. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
}

async function appendAfter(ticks: number, id: string | undefined): Promise<void> {
  await turns(ticks);
  if (id !== undefined) await append(id, 1, 0);
}

describe('a projection', () => {
  it.each(Array.from({ length: 6 }, (_, ticks) => ticks))(
    'forgets no commit that arrives while a write is ending, %i turns after it',
    async (ticks) => {
      const ids = Array.from({ length: 3 }, () => newId('model'));
      const [first = '', ...others] = ids;
      const appending: ReadStore = {
        close: () => readStore.close(),
        async collection<D extends Document>(name: string, options: CollectionOptions): Promise<Collection<D>> {
          const real = await readStore.collection<D>(name, options);
          if (name !== 'counted') return real;
          const apply: Collection<D>['apply'] = async (changes, checkpoint) => {
            await real.apply(changes, checkpoint);
            void appendAfter(ticks, others.shift());
          };
          return Object.assign(Object.create(real) as Collection<D>, {
            apply,
            checkpoint: () => real.checkpoint(),
            getMany: (wanted: readonly string[]) => real.getMany(wanted),
          });
        },
      };
      await (
        await start(1, appending)
      ).caughtUp;
      await append(first, 1, 0);
      const written = await readStore.collection<Counted>('counted', countedProjection());
      await vi.waitFor(async () => expect(await written.getMany(ids)).toHaveLength(3), {
        timeout: 60_000,
        interval: 10,
      });
    },
  );

  describe('writes again what a failed write held, and nothing past it,', () => {
    it('as it follows', async () => {
      const handle = await start(1, failing(2));
      await handle.caughtUp;
      await expectAll(handle, await appendMany(2));
    });

    it('as it ends catching up', async () => {
      const ids = await appendMany(3);
      const handle = await start(1, failing(1));
      await handle.caughtUp;
      await expectAll(handle, ids);
    });

    it('when a batch is full as it catches up', async () => {
      const ids = await appendMany(2_001);
      const handle = await start(1, failing(1));
      await handle.caughtUp;
      await expectAll(handle, ids);
    });

    it('when a batch has filled behind it', async () => {
      const full = Promise.withResolvers<void>();
      const handle = await start(1, failing(1, full.promise));
      await handle.caughtUp;
      const ids = await appendMany(600);
      full.resolve();
      await expectAll(handle, ids);
    });
  });

  describe('while a write takes its time', () => {
    let writes: { readonly ids: string[]; readonly finish: () => void }[];
    /** Each write of the projection waits until it is finished here. */
    const slow: ReadStore = {
      close: () => readStore.close(),
      async collection<D extends Document>(name: string, options: CollectionOptions): Promise<Collection<D>> {
        const real = await readStore.collection<D>(name, options);
        if (name !== 'counted') return real;
        const apply: Collection<D>['apply'] = async (changes, checkpoint) => {
          const ids = changes.flatMap((change) => (change.kind === 'put' ? [change.document.id] : []));
          await new Promise<void>((resolve) => writes.push({ ids, finish: resolve }));
          await real.apply(changes, checkpoint);
        };
        const others = { get: (id: string) => real.get(id), getMany: (ids: readonly string[]) => real.getMany(ids) };
        return Object.assign(Object.create(real) as Collection<D>, {
          ...others,
          apply,
          checkpoint: () => real.checkpoint(),
        });
      },
    };
    const underWay = (count: number) => vi.waitFor(() => expect(writes).toHaveLength(count), { timeout: 60_000 });

    beforeEach(() => {
      writes = [];
    });

    it('a read waits for all that had arrived before it, and not for what comes later', async () => {
      const handle = await start(1, slow);
      await handle.caughtUp;
      const ids = [newId('model'), newId('model'), newId('model')] as const;
      await append(ids[0], 1, 0);
      await underWay(1);
      await append(ids[1], 1, 0);
      await turns(20);
      let isRead = false;
      const reading = handle.collection.get(ids[1]).finally(() => (isRead = true));
      writes[0]?.finish();
      await underWay(2);
      expect(isRead).toBe(false);
      await append(ids[2], 1, 0);
      await turns(20);
      writes[1]?.finish();
      expect(await reading).toMatchObject({ id: ids[1] });
      expect(writes[1]?.ids).toEqual([ids[1]]);
      await underWay(3);
      writes[2]?.finish();
      expect(await handle.collection.get(ids[2])).toMatchObject({ id: ids[2] });
    });

    it('what arrives gathers for the next one, where nobody waits for it', async () => {
      const handle = await start(1, slow);
      await handle.caughtUp;
      const ids = Array.from({ length: 6 }, () => newId('model'));
      const [first = '', ...others] = ids;
      await append(first, 1, 0);
      await underWay(1);
      await append(others[0] ?? '', 1, 0);
      await turns(20);
      writes[0]?.finish();
      for (const id of others.slice(1)) await append(id, 1, 0);
      await underWay(2);
      expect(writes[1]?.ids.toSorted()).toEqual(others.toSorted());
      writes[1]?.finish();
    });

    it('no read waits for what could not be written, nor after the end', async () => {
      const handle = await start(1, slow);
      await handle.caughtUp;
      await append(newId('model'), 1, 0);
      await underWay(1);
      const id = newId('model');
      await append(id, 1, 0);
      await turns(20);
      const reading = handle.collection.get(id);
      stopping.abort();
      writes[0]?.finish();
      expect(await reading).toBeNull();
      expect(await handle.collection.get(id)).toBeNull();
    });
  });
});

/** As many of its first writes fail, the first not before `until`. */
function failing(writes: number, until?: Promise<void>): ReadStore {
  let left = writes;
  return {
    close: () => readStore.close(),
    async collection<D extends Document>(name: string, options: CollectionOptions): Promise<Collection<D>> {
      const real = await readStore.collection<D>(name, options);
      const apply: Collection<D>['apply'] = async (changes, checkpoint) => {
        await until;
        left -= 1;
        if (left >= 0) throw new Error('the disk is full');
        await real.apply(changes, checkpoint);
      };
      return {
        get: (id) => real.get(id),
        getMany: (ids) => real.getMany(ids),
        page: (request) => real.page(request),
        count: (filter) => real.count(filter),
        checkpoint: () => real.checkpoint(),
        reset: () => real.reset(),
        apply,
      };
    },
  };
}

async function appendMany(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId('model'));
  for (const id of ids) await append(id, 1, 0);
  return ids;
}

async function expectAll({ collection }: ProjectionHandle<Counted>, ids: readonly string[]): Promise<void> {
  await vi.waitFor(async () => expect(await collection.getMany(ids)).toHaveLength(ids.length), { timeout: 60_000 });
  expect((await collection.getMany(ids)).every(({ names }) => names === 1)).toBe(true);
  expect(reported.map(String)).toContain('Error: the disk is full');
}
