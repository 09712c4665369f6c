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
