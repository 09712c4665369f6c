// The log in memory keeps the contract of every event store.
import { memoryEventStore } from './memory-event-store.ts';
import { eventStoreContract } from '../testing/contract.ts';

eventStoreContract('the event log in memory', async (stream) => memoryEventStore({ stream }));
