// What every event store guarantees: one suite, run by each adapter.
import { describe } from 'vitest';
import { appendContract } from './append-contract.ts';
import { followContract } from './follow-contract.ts';
import type { MakeStore } from './make-store.ts';
import { readContract } from './read-contract.ts';
import { writerContract } from './writer-contract.ts';

export function eventStoreContract(name: string, makeStore: MakeStore): void {
  describe(`${name} keeps the contract`, () => {
    appendContract(makeStore);
    readContract(makeStore);
    followContract(makeStore);
    writerContract(makeStore);
  });
}
