// Projections on a real log and a real read store: whole, resumed, rebuilt, and never past a write that failed.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Commit, ENVELOPE_VERSION } from '@baton/contracts';
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
import { register } from 'prom-client';
import { PARKED_METRIC } from './parking.ts';
import { type Projection, type Revised, runProjection } from './projection.ts';

interface Counted extends Revised {
  readonly names: number;
}

const projection = (version = 1): Projection<Counted> => ({
  name: 'counted',
  version,
  indexes: [],
  stream: 'EVENTS',
  aggregates: ['model'],
  apply: (document, commit) => {
    if (commit.events[0]?.type === 'ModelDeleted') return null;
    return { id: commit.ref.id, revision: commit.revision, names: (document?.names ?? 0) + 1 };
  },
});

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
  stopping.abort();
  await readStore.close();
  await folder.cleanup();
});

function start(version = 1, reads: ReadStore = readStore) {
  const report = (error: unknown) => void reported.push(error);
  return runProjection(projection(version), { store, readStore: reads, signal: stopping.signal, report });
}

async function append(id: string, revision: number, position: number, type = 'ModelChanged'): Promise<number> {
  const base = { envelopeV: ENVELOPE_VERSION, commitId: randomUUID(), commandId: randomUUID(), requestHash: '' };
  const who = { actor: 'test', credentialId: 'test', correlationId: 'test', causationId: 'test' };
  const commit: Commit = { ...base, ...who, revision, prevHash: '', at: 1, events: [{ type, v: 1, data: {} }] };
  const appended = await store.append({ aggregate: 'model', id }, commit, { kind: 'aggregate', position });
  return appended.position;
}

/** So many turns of the queue of promises. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await null;
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
            const next = others.shift();
            if (next !== undefined) void turns(ticks).then(() => append(next, 1, 0));
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
      const written = await readStore.collection<Counted>('counted', projection());
      await vi.waitFor(async () => expect(await written.getMany(ids)).toHaveLength(3), {
        timeout: 2_000,
        interval: 10,
      });
    },
  );

  it('writes again what a failed write held, and nothing past it', async () => {
    let failures = 2;
    const failing: ReadStore = {
      close: () => readStore.close(),
      async collection<D extends Document>(name: string, options: CollectionOptions): Promise<Collection<D>> {
        const real = await readStore.collection<D>(name, options);
        return {
          get: (id) => real.get(id),
          getMany: (ids) => real.getMany(ids),
          page: (request) => real.page(request),
          count: (filter) => real.count(filter),
          checkpoint: () => real.checkpoint(),
          reset: () => real.reset(),
          apply: (changes, checkpoint) =>
            failures-- > 0 ? Promise.reject(new Error('the disk is full')) : real.apply(changes, checkpoint),
        };
      },
    };
    const handle = await start(1, failing);
    await handle.caughtUp;
    const ids = [newId('model'), newId('model')];
    for (const id of ids) await append(id, 1, 0);
    await vi.waitFor(async () => expect(await handle.collection.getMany(ids)).toHaveLength(2), { timeout: 5_000 });
    expect(reported.map(String)).toContain('Error: the disk is full');
  });
});

describe('an aggregate with a commit that can not be applied', () => {
  const FAULTY: Projection<Counted> = {
    ...projection(),
    apply: (document, commit) => {
      if (commit.events[0]?.type === 'ModelVersionAdded') throw new Error('no such version');
      return projection().apply(document, commit);
    },
  };
  const run = (faulty: Projection<Counted>, reads: ReadStore = readStore) => {
    stopping.abort();
    stopping = new AbortController();
    const report = (_error: unknown, where: string) => void reported.push(where);
    return runProjection(faulty, { store, readStore: reads, signal: stopping.signal, report });
  };
  const revisions = async (handle: Awaited<ReturnType<typeof run>>, ...ids: string[]) => {
    const found = await handle.collection.getMany(ids);
    return ids.map((id) => found.find((document) => document.id === id)?.revision ?? null);
  };

  /** Two commits of `well`, and of `ill` four, of which the second can't be applied. */
  async function history(): Promise<{ ill: string; well: string; poison: number }> {
    const [ill, well] = [newId('model'), newId('model')];
    const first = await append(ill, 1, 0);
    const poison = await append(ill, 2, first, 'ModelVersionAdded');
    const before = await append(well, 1, 0);
    const third = await append(ill, 3, poison);
    await append(well, 2, before);
    await append(ill, 4, third);
    return { ill, well, poison };
  }

  it('stands still alone, named with its position, while all others go on', async () => {
    const { ill, well, poison } = await history();
    const handle = await run(FAULTY);
    await handle.caughtUp;
    expect(await revisions(handle, ill, well)).toEqual([1, 2]);
    expect(handle.parked()).toMatchObject([
      { id: ill, aggregate: 'model', position: poison, reason: 'no such version' },
    ]);
    expect(reported).toContain(`projection counted: ${ill} is parked at position ${poison}`);
    expect(await register.getSingleMetricAsString(PARKED_METRIC)).toContain('{projection="counted"} 1');
    const later = newId('model');
    await append(later, 1, 0);
    await handle.waitForRevision(later, 1);
  });

  it('lets nobody wait for what will not come', async () => {
    const { ill } = await history();
    const handle = await run(FAULTY);
    await handle.caughtUp;
    await handle.waitForRevision(ill, 1);
    await expect(handle.waitForRevision(ill, 2, 60_000)).rejects.toMatchObject({ code: 'unavailable' });
    const next = newId('model');
    const waiting = handle.waitForRevision(next, 1, 60_000);
    await append(next, 1, 0, 'ModelVersionAdded');
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('stays parked over a restart, and what comes later is not put upon what it lacks', async () => {
    const { ill, well } = await history();
    await (
      await run(FAULTY)
    ).caughtUp;
    const last = (await store.readAggregate({ aggregate: 'model', id: ill })).at(-1)?.position ?? 0;
    await append(ill, 5, last);
    const handle = await run(FAULTY);
    await handle.caughtUp;
    expect(await revisions(handle, ill, well)).toEqual([1, 2]);
    expect(handle.parked()).toHaveLength(1);
  });

  it('is whole again as soon as a program is started that can apply it', async () => {
    const { ill, well } = await history();
    await (
      await run(FAULTY)
    ).caughtUp;
    const handle = await run(projection());
    await handle.caughtUp;
    expect(await revisions(handle, ill, well)).toEqual([4, 2]);
    expect(await handle.collection.get(ill)).toMatchObject({ names: 4 });
    expect(handle.parked()).toEqual([]);
  });

  it('is parked by an event that this program does not know', async () => {
    const id = newId('model');
    await append(id, 1, await append(id, 1, 0), 'ModelSharpened');
    const handle = await run(projection());
    await handle.caughtUp;
    expect(handle.parked()).toMatchObject([{ id, position: 2 }]);
  });

  it('is parked by a commit that can not be read, and the log is read on behind it', async () => {
    const { ill, well, poison } = await history();
    const whole = store;
    const unreadable = [poison, await whole.lastPosition()];
    store = {
      ...memoryEventStore(),
      hashAt: (position) => whole.hashAt(position),
      readAggregate: (ref) => whole.readAggregate(ref),
      async *subscribe(after, options) {
        for await (const item of whole.subscribe(after, options)) {
          if (item.kind !== 'commit' || !unreadable.includes(item.commit.position)) yield item;
          else options?.onUnreadable?.({ ...item.commit, error: new Error('not JSON') });
        }
      },
    };
    const handle = await run(projection());
    await handle.caughtUp;
    expect(await revisions(handle, ill, well)).toEqual([1, 2]);
    expect(handle.parked()).toMatchObject([{ id: ill, position: poison, reason: 'not JSON' }]);
  });

  it('loses nothing that came before it when the process ends between parking it and writing the rest', async () => {
    const { ill, well } = await history();
    const parkedOnly: ReadStore = {
      close: () => readStore.close(),
      async collection<D extends Document>(name: string, options: CollectionOptions): Promise<Collection<D>> {
        const real = await readStore.collection<D>(name, options);
        if (name !== 'counted') return real;
        return Object.assign(Object.create(real) as Collection<D>, {
          apply: () => Promise.reject(new Error('the process ends here')),
          checkpoint: () => real.checkpoint(),
          getMany: (ids: readonly string[]) => real.getMany(ids),
        });
      },
    };
    const cut = await run(FAULTY, parkedOnly);
    await expect(cut.caughtUp).rejects.toThrow('the process ends here');
    expect(cut.parked()).toHaveLength(1);
    const handle = await run(FAULTY);
    await handle.caughtUp;
    expect(await revisions(handle, ill, well)).toEqual([1, 2]);
    expect(handle.parked()).toHaveLength(1);
  });
});
