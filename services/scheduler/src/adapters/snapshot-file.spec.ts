// A snapshot is used only when it is whole, of this version, and of the log as it is; without it nothing is missing.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@baton/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { LedgerHistory } from '../app/ledger-history.ts';
import { snapshotFile } from './snapshot-file.ts';

async function opened(hashes: Record<number, string>) {
  const folder = await temporaryFolder('baton-snapshot-');
  onTestFinished(() => folder.cleanup());
  const path = join(folder.path, 'ledger.snapshot');
  const reported: unknown[] = [];
  const log = { hashAt: async (position: number) => hashes[position] ?? null };
  const open = () => snapshotFile({ path, log, report: (error) => reported.push(error) });
  return { path, reported, open };
}

const snapshot = { ...new LedgerHistory(null).snapshot(), position: 7, hash: 'seven', term: 3 };

it('gives back what was saved, also after a restart', async () => {
  const { open } = await opened({ 7: 'seven' });
  const file = open();
  expect(await file.latest()).toBe(null);
  await file.save(snapshot);
  expect(file.last()).toEqual({ position: 7, jobs: snapshot.saved.jobs.length });
  expect(await open().latest()).toEqual(snapshot);
});

it('is not used on a log that holds another commit there, or none', async () => {
  const other = await opened({ 7: 'another seven' });
  await other.open().save(snapshot);
  expect(await other.open().latest()).toBe(null);
  const shorter = await opened({ 6: 'six' });
  await shorter.open().save(snapshot);
  expect(await shorter.open().latest()).toBe(null);
});

it('is not used when another version has written it', async () => {
  const { path, open, reported } = await opened({ 7: 'seven' });
  await open().save(snapshot);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/"ledgerVersion":\d+/, '"ledgerVersion":0'));
  expect(await open().latest()).toBe(null);
  expect(reported).toEqual([]);
});

it('is not used, and is named, when a byte of it has changed or its end is missing', async () => {
  const { path, open, reported } = await opened({ 7: 'seven' });
  await open().save(snapshot);
  const whole = await readFile(path);
  for (let at = 0; at < whole.length; at += 17) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    await writeFile(path, damaged);
    const read = await open().latest();
    // A changed digit of the term is the one thing that only the log could tell.
    expect((read ?? snapshot).saved).toEqual(snapshot.saved);
  }
  await writeFile(path, whole.subarray(0, whole.length - 5));
  expect(await open().latest()).toBe(null);
  expect(reported.length).toBeGreaterThan(3);
});
