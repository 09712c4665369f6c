// The log in JetStream keeps the contract of every event store, on a real server.
import { afterAll, beforeAll } from 'vitest';
import { eventStoreContract } from '../testing/contract.ts';
import { type AccountServer, startAccountServer } from '../testing/nats-accounts.ts';
import { openJetStreamEventStore } from './jetstream-event-store.ts';

let accounts: AccountServer;

beforeAll(async () => {
  accounts = await startAccountServer();
});
afterAll(() => accounts.stop());

eventStoreContract('the event log in JetStream', async (stream) =>
  openJetStreamEventStore({ connection: await accounts.connect(), stream, syncAlways: true }),
);
