// The log in KurrentDB keeps the contract of every event store: on the server that KURRENTDB_URL names, else on the small one.
import { type KurrentDbServer, startKurrentDbServer } from '@baton/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { eventStoreContract } from '../testing/contract.ts';
import { connectKurrentDb, type KurrentDbConnection } from './connection.ts';
import { openKurrentDbEventStore } from './kurrentdb-event-store.ts';

const { KURRENTDB_URL: realUrl } = process.env;
let server: KurrentDbServer | null = null;
let connection: KurrentDbConnection;

beforeAll(async () => {
  if (realUrl === undefined) {
    server = await startKurrentDbServer();
    process.stderr.write('KURRENTDB_URL is not set: the contract runs on the small server of the test kit only.\n');
  }
  connection = await connectKurrentDb(realUrl ?? server?.url ?? '');
});
afterAll(async () => {
  await connection.close();
  await server?.stop();
});

eventStoreContract(`the event log in KurrentDB (${realUrl === undefined ? 'test server' : 'real server'})`, (stream) =>
  openKurrentDbEventStore({ client: connection.client, stream, prefix: `test${randomUUID().replaceAll('-', '')}` }),
);
