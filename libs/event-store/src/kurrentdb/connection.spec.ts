// Nobody pays for KurrentDB's client who does not use it.
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { connectKurrentDb, openKurrentDbEventStore } from '../index.ts';

const loaded = () =>
  Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@kurrent/kurrentdb-client'));

it('is loaded when somebody connects, and not before', async () => {
  expect(openKurrentDbEventStore).toBeTypeOf('function');
  expect(loaded()).toEqual([]);
  const connection = await connectKurrentDb('kurrentdb://127.0.0.1:1?tls=false');
  expect(loaded()).not.toEqual([]);
  await connection.close();
});
