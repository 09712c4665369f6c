// The read store's port: documents by id in named collections, filtered keyset pages, and a projection's position.

/** A JSON document; `id` is its key. */
export interface Document {
  readonly id: string;
}

export type Scalar = string | number | boolean | null;

/** All members must hold. A list field matches if it contains the value. */
export type Filter = Readonly<Record<string, Scalar | { readonly in: readonly Scalar[] } | { readonly ne: Scalar }>>;

export interface PageRequest {
  /** Alternatives, each a filter; any may hold. An empty list matches everything. */
  readonly anyOf: readonly Filter[];
  /** Holds as well. */
  readonly filter?: Filter;
  /** A top-level or nested (`a.b`) field; ties are broken by id. Default: `createdAt`, newest first. */
  readonly sort?: { readonly field: string; readonly descending: boolean };
  readonly limit: number;
  readonly cursor?: string;
}

export interface Page<D extends Document> {
  readonly items: D[];
  /** Opaque; null on the last page. */
  readonly nextCursor: string | null;
}

/** Where a projection stands in its stream, with that commit's hash. */
export interface Checkpoint {
  readonly position: number;
  readonly hash: string;
}

export type Change<D extends Document> =
  | { readonly kind: 'put'; readonly document: D }
  | { readonly kind: 'delete'; readonly id: string };

export interface CollectionOptions {
  /** Fields that filters and sorts use. */
  readonly indexes: readonly (readonly string[])[];
  /** Version of the projection's code: another one than stored drops the documents and the checkpoint. */
  readonly version: number;
}

export interface Collection<D extends Document> {
  get(id: string): Promise<D | null>;
  /** Documents for the ids that exist, in any order. */
  getMany(ids: readonly string[]): Promise<D[]>;
  /** Throws `invalid_input` for a cursor that is not one of its own, or a sort field without an index. */
  page(request: PageRequest): Promise<Page<D>>;
  count(filter: Filter): Promise<number>;
  /**
   * Applies changes that follow from the log up to `checkpoint`. With a crash anywhere inside, applying the commits after
   * the stored checkpoint again gives the same documents: each document keeps the position that it reflects, and an older
   * one never replaces a newer one.
   */
  apply(changes: readonly Change<D>[], checkpoint: Checkpoint): Promise<void>;
  /** Null before the first apply. */
  checkpoint(): Promise<Checkpoint | null>;
  /** Drops documents and checkpoint: the rebuild starts from nothing. */
  reset(): Promise<void>;
}

export interface ReadStore {
  collection<D extends Document>(name: string, options: CollectionOptions): Promise<Collection<D>>;
  close(): Promise<void>;
}
