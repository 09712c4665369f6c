// The contract of every read store, run by the specs of its adapters.
import { afterEach, beforeEach, describe } from 'vitest';
import type { Collection, ReadStore } from '../port.ts';
import { describeCheckpoint, describeDocuments } from './documents-contract.ts';
import { describeFilters } from './filter-contract.ts';
import { describePaging } from './paging-contract.ts';
import { describeRandomPages } from './random-pages.ts';
import { type ContractContext, type Thing, THINGS } from './things.ts';

export interface StoreUnderTest {
  /** Opens the same database again; the one before is closed. */
  open(): Promise<ReadStore>;
  dispose(): Promise<void>;
}

export interface ContractOptions {
  /** Of the property test. */
  readonly runs: number;
}

export function describeReadStore(name: string, make: () => Promise<StoreUnderTest>, options: ContractOptions): void {
  describe(`the ${name} read store`, () => {
    let under: StoreUnderTest;
    let store: ReadStore;
    let things: Collection<Thing>;
    const context: ContractContext = {
      things: () => things,
      other: () => store.collection<Thing>('others', THINGS),
      fresh: (collection: string) => store.collection<Thing>(collection, THINGS),
      reopen: async (version = 1) => {
        await store.close();
        store = await under.open();
        things = await store.collection<Thing>('things', { ...THINGS, version });
        return things;
      },
    };

    beforeEach(async () => {
      under = await make();
      store = await under.open();
      things = await store.collection<Thing>('things', THINGS);
    });
    afterEach(async () => {
      await store.close();
      await under.dispose();
    });

    describe('keeps documents and', () => {
      describeDocuments(context);
    });
    describe('keeps the checkpoint and', () => {
      describeCheckpoint(context);
    });
    describe('filters and', () => {
      describeFilters(context);
    });
    describe('pages and', () => {
      describePaging(context);
    });
    describe('for random documents', () => {
      describeRandomPages(context, options.runs);
    });
  });
}
