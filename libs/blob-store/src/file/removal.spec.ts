// Content that is removed: unless it was stored lately, and never by halves.
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openFileBlobStore } from './store.ts';

const LONG_AGO = new Date(1_000_000);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-blobs-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function storeWith(text: string) {
  const store = await openFileBlobStore({ folder });
  const { digest } = await store.put(Buffer.from(text));
  await utimes(store.pathOf(digest), LONG_AGO, LONG_AGO);
  return { store, digest };
}

it('goes when it was stored before the time, and is no error when it is gone', async () => {
  const { store, digest } = await storeWith('x');
  expect(await store.storedAt(digest)).toBe(LONG_AGO.getTime());
  expect(await store.remove(digest, LONG_AGO.getTime())).toBe(true);
  expect(await store.stat(digest)).toBeNull();
  expect(await store.storedAt(digest)).toBeNull();
  expect(await store.remove(digest, LONG_AGO.getTime())).toBe(true);
});

it('stays when it was stored after the time, also when equal content was stored again, which writes nothing', async () => {
  const { store, digest } = await storeWith('x');
  expect(await store.remove(digest, LONG_AGO.getTime() - 1)).toBe(false);
  const { ino } = await stat(store.pathOf(digest));
  await store.put(Buffer.from('x'));
  expect((await stat(store.pathOf(digest))).ino).toBe(ino);
  expect(await store.remove(digest, LONG_AGO.getTime())).toBe(false);
  expect((await store.read(digest)).toString()).toBe('x');
});

it('is there for each who stores it while it is being removed again and again', async () => {
  const { store, digest } = await storeWith('x');
  const until = LONG_AGO.getTime() + 1;
  const removing = (async () => {
    for (let round = 0; round < 200; round += 1) await store.remove(digest, until);
  })();
  for (let round = 0; round < 50; round += 1) {
    await store.put(Buffer.from('x'));
    expect(await store.stat(digest)).not.toBeNull();
    await utimes(store.pathOf(digest), LONG_AGO, LONG_AGO).catch(() => {});
  }
  await removing;
});

it('is back after a removal that a crash has cut short', async () => {
  const { store, digest } = await storeWith('x');
  const aside = join(folder, 'staging', `removed-${digest}`);
  await rename(store.pathOf(digest), aside);
  const again = await openFileBlobStore({ folder });
  expect((await again.read(digest)).toString()).toBe('x');
  expect(existsSync(aside)).toBe(false);
});
