// What a projection does with a commit that it can't apply or read: its aggregate stands still, all else goes on.
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
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PARKED_METRIC } from './parking.ts';
import { type Projection, runProjection } from './projection.ts';
import { appendModel, type Counted, countedProjection } from './testing/counted.ts';

let folder: TemporaryFolder;
let readStore: ReadStore;
let stopping: AbortController;
let store: ReturnType<typeof memoryEventStore>;
let reported: unknown[];

beforeEach(async () => {
  folder = await temporaryFolder('baton-parking-');
  readStore = await openReadStore(`sqlite:${join(folder.path, 'read.db')}`);
  stopping = new AbortController();
  store = memoryEventStore();
  reported = [];
});
afterEach(async () => {
  stopping.abort();
  await readStore.close();
  await folder.cleanup();
});

function append(id: string, revision: number, position: number, type?: string): Promise<number> {
  return appendModel(store, { id, revision, position, ...(type === undefined ? {} : { type }) });
}

describe('an aggregate with a commit that can not be applied', () => {
  const FAULTY: Projection<Counted> = {
    ...countedProjection(),
    apply: (document, commit) => {
      if (commit.events[0]?.type === 'ModelVersionAdded') throw new Error('no such version');
      return countedProjection().apply(document, commit);
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
    const handle = await run(countedProjection());
    await handle.caughtUp;
    expect(await revisions(handle, ill, well)).toEqual([4, 2]);
    expect(await handle.collection.get(ill)).toMatchObject({ names: 4 });
    expect(handle.parked()).toEqual([]);
  });

  it('is parked by an event that this program does not know', async () => {
    const id = newId('model');
    await append(id, 1, await append(id, 1, 0), 'ModelSharpened');
    const handle = await run(countedProjection());
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
    const handle = await run(countedProjection());
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
    await vi.waitFor(() => expect(reported).toContain('projection counted'), { timeout: 60_000 });
    expect(cut.parked()).toHaveLength(1);
    const handle = await run(FAULTY);
    await handle.caughtUp;
    expect(await revisions(handle, ill, well)).toEqual([1, 2]);
    expect(handle.parked()).toHaveLength(1);
  });
});
