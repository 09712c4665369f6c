// A collection in MongoDB: one record a document, written on the condition that it is older.
import type { Model, QueryFilter } from 'mongoose';
import { checkFilter, compilePage, type PageQuery, readPage, type Segment } from '../paging.ts';
import type { Change, Checkpoint, Collection, Document, Filter, Page, PageRequest } from '../port.ts';
import { allOf, anyOfQuery, filterQuery, path, type Query, segmentQuery } from './condition.ts';
import { guard } from './failure.ts';
import type { Journal } from './journal.ts';
import { decodeDocument } from './documents.ts';
import type { DocumentRecord, StateRecord } from './records.ts';
import { writeChanges } from './write.ts';

export interface MongoCollectionParts<D extends Document> {
  readonly name: string;
  readonly version: number;
  readonly sortable: ReadonlySet<string>;
  readonly records: Model<DocumentRecord>;
  readonly journal: Journal<D>;
}

export class MongoCollection<D extends Document> implements Collection<D> {
  readonly #name: string;
  readonly #version: number;
  readonly #sortable: ReadonlySet<string>;
  readonly #records: Model<DocumentRecord>;
  readonly #journal: Journal<D>;

  constructor({ name, version, sortable, records, journal }: MongoCollectionParts<D>) {
    this.#name = name;
    this.#version = version;
    this.#sortable = sortable;
    this.#records = records;
    this.#journal = journal;
  }

  async get(id: string): Promise<D | null> {
    return (await this.getMany([id]))[0] ?? null;
  }

  async getMany(ids: readonly string[]): Promise<D[]> {
    return guard(async () => {
      const found = await this.#records.find({ _id: { $in: [...ids] } }).lean<DocumentRecord[]>();
      return found.map((record) => decodeDocument(record.doc) as D);
    });
  }

  async page(request: PageRequest): Promise<Page<D>> {
    const query = compilePage(this.#name, this.#sortable, request);
    const wanted = allOf([anyOfQuery(query.anyOf), filterQuery(query.filter)]);
    return readPage(query, (segment, limit) => guard(() => this.#segment(query, wanted, segment, limit)));
  }

  async count(filter: Filter): Promise<number> {
    checkFilter(filter, '/filter');
    return guard(() => this.#records.countDocuments(asFilter(filterQuery(filter))));
  }

  async apply(changes: readonly Change<D>[], checkpoint: Checkpoint): Promise<void> {
    await guard(async () => {
      const from = (await this.#settled())?.position ?? null;
      if (from !== null && checkpoint.position <= from) return;
      const batch = await this.#journal.begin(changes, checkpoint, from);
      await writeChanges(this.#records, changes, checkpoint.position);
      await this.#journal.end(batch, from);
    });
  }

  async checkpoint(): Promise<Checkpoint | null> {
    return guard(async () => {
      const state = await this.#settled();
      if (state === null || state.position === null) return null;
      return { position: state.position, hash: state.hash ?? '' };
    });
  }

  async reset(): Promise<void> {
    await guard(async () => {
      await this.#journal.discard();
      await this.#records.deleteMany({});
      await this.#journal.restart(this.#version);
    });
  }

  /** The state with no batch half written: one that a crash or a lost connection left is finished first. */
  async #settled(): Promise<StateRecord | null> {
    const state = await this.#journal.state();
    if (state === null || state.batch === null) return state;
    const { batch, position } = state;
    await writeChanges(this.#records, await this.#journal.changes(batch), batch.position);
    await this.#journal.end(batch, position);
    return { ...state, position: batch.position, hash: batch.hash, batch: null };
  }

  async #segment(query: PageQuery, wanted: Query, segment: Segment, limit: number): Promise<D[]> {
    const direction = query.sort.descending ? -1 : 1;
    const found = await this.#records
      .find(asFilter(allOf([wanted, segmentQuery(segment, query.sort)])))
      .sort({ [path(query.sort.field)]: direction, _id: direction })
      .limit(limit)
      .lean<DocumentRecord[]>();
    return found.map((record) => decodeDocument(record.doc) as D);
  }
}

function asFilter(query: Query): QueryFilter<DocumentRecord> {
  return query as QueryFilter<DocumentRecord>;
}
