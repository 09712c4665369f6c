// Guarantees of the pipelined writer: order, positions known ahead, and nothing behind a loss.
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../stored-commit.ts';
import type { PendingWrite, StreamWriter } from '../stream-writer.ts';
import { all, commit, newRef } from './commits.ts';
import type { MakeStore } from './make-store.ts';

export function writerContract(makeStore: MakeStore): void {
  describe('pipelined writer', () => {
    orderTests(makeStore);
    lossTests(makeStore);
  });
}

/** Commits of one job, each upon the one before, none awaited. */
export function writeChain(writer: StreamWriter, count: number): PendingWrite[] {
  const ref = newRef('job');
  const writes: PendingWrite[] = [];
  for (let index = 0; index < count; index += 1) {
    writes.push(writer.write(ref, commit({ revision: index + 1, prevHash: writes.at(-1)?.hash ?? '' })));
  }
  return writes;
}

function orderTests(makeStore: MakeStore): void {
  it('writes everything in order at the positions and with the hashes that it told ahead', async () => {
    const store = await makeStore('JOBS');
    const writer = store.openWriter({ after: 0 });
    const writes = writeChain(writer, 1_000);
    const done = await Promise.all(writes.map((write) => write.done));
    expect(done).toEqual(writes.map(({ position, hash }) => ({ position, hash })));
    expect(done.map(({ position }) => position)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
    const stored = await all(store.readAll(0));
    verifyChain(stored);
    expect(stored.map(({ hash }) => hash)).toEqual(done.map(({ hash }) => hash));
    writer.close();
  });

  it('continues behind what others wrote when it is told so', async () => {
    const store = await makeStore('JOBS');
    const { position } = await store.append(newRef('job'), commit(), { kind: 'stream', position: 0 });
    const writer = store.openWriter({ after: position });
    await expect(writer.write(newRef('job'), commit()).done).resolves.toMatchObject({ position: 2 });
    writer.close();
  });

  it('says when there is room', async () => {
    const store = await makeStore('JOBS');
    const writer = store.openWriter({ after: 0, maxInFlight: 4 });
    for (let index = 0; index < 20; index += 1) {
      await writer.ready();
      writer.write(newRef('job'), commit());
    }
    await writer.write(newRef('job'), commit()).done;
    expect(await store.lastPosition()).toBe(21);
    writer.close();
  });

  it('writes nothing after it was closed', async () => {
    const store = await makeStore('JOBS');
    const writer = store.openWriter({ after: 0 });
    writer.close();
    expect(() => writer.write(newRef('job'), commit())).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(writer.state).toBe('closed');
  });
}

function lossTests(makeStore: MakeStore): void {
  it('voids everything in flight when another was first, even where an expected position comes true', async () => {
    const store = await makeStore('JOBS');
    const writer = store.openWriter({ after: 0 });
    const other = newRef('job');
    await store.append(other, commit(), { kind: 'stream', position: 0 });
    // The first expects 0 and finds 1. The second expects 1, which is now the last position.
    const results = await Promise.allSettled(writeChain(writer, 10).map((write) => write.done));
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'conflict' } });
    expect(writer.state).toBe('lost');
    expect((await all(store.readAll(0))).map(({ ref }) => ref)).toEqual([other]);
    writer.close();
  });

  it('takes nothing while it is lost, and goes on after it was told the new end', async () => {
    const store = await makeStore('JOBS');
    const writer = store.openWriter({ after: 0 });
    await store.append(newRef('job'), commit(), { kind: 'stream', position: 0 });
    await expect(writer.write(newRef('job'), commit()).done).rejects.toMatchObject({ code: 'conflict' });
    expect(() => writer.write(newRef('job'), commit())).toThrow(expect.objectContaining({ code: 'conflict' }));
    writer.reset(await store.lastPosition());
    const done = await Promise.all(writeChain(writer, 5).map((write) => write.done));
    expect(done.map(({ position }) => position)).toEqual([2, 3, 4, 5, 6]);
    writer.close();
  });

  it('lets one of two writers in, never a mixture that a third could not explain', async () => {
    const store = await makeStore('JOBS');
    const writers = [store.openWriter({ after: 0 }), store.openWriter({ after: 0 })];
    const chains = writers.map((writer) => writeChain(writer, 50));
    const results = await Promise.all(chains.map((chain) => Promise.allSettled(chain.map((write) => write.done))));
    const stored = await all(store.readAll(0));
    const acknowledged = results.flat().flatMap((result) => (result.status === 'fulfilled' ? [result.value.hash] : []));
    expect(stored.map(({ hash }) => hash)).toEqual(acknowledged);
    verifyChain(stored);
    for (const writer of writers) writer.close();
  });
}
