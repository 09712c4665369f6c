// Documents for the contract of the read stores.
import type { Change, Collection } from '../port.ts';

export interface Thing {
  readonly id: string;
  readonly [field: string]: unknown;
}

export const THINGS = { indexes: [['owner', 'createdAt'], ['rank'], ['tags'], ['spec.size']], version: 1 } as const;

export interface ContractContext {
  readonly things: () => Collection<Thing>;
  readonly other: () => Promise<Collection<Thing>>;
  readonly fresh: (collection: string) => Promise<Collection<Thing>>;
  readonly reopen: (version?: number) => Promise<Collection<Thing>>;
}

export const put = (...documents: Thing[]): Change<Thing>[] =>
  documents.map((document) => ({ kind: 'put', document }) as const);

export function at(position: number): { position: number; hash: string } {
  return { position, hash: `hash ${position}` };
}
