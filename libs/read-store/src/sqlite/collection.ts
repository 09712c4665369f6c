// A collection in SQLite: one table of JSON documents with an expression index for each declared index.
import type { SQLInputValue } from 'node:sqlite';
import { valueAt } from '../field.ts';
import { checkFilter, compilePage, type PageQuery, readPage, type Segment } from '../paging.ts';
import type { Change, Checkpoint, Collection, Document, Filter, Page, PageRequest } from '../port.ts';
import { scalarFields, storedCheckpoint } from './batch.ts';
import type { BatchWriter } from './batch-writer.ts';
import { all, anyOfSql, expression, filterSql, segmentSql, type Sql } from './condition.ts';
import type { Database } from './database.ts';

export interface CollectionParts {
  readonly database: Database;
  readonly writer: BatchWriter;
  readonly name: string;
  readonly table: string;
  readonly sortable: ReadonlySet<string>;
}

export class SqliteCollection<D extends Document> implements Collection<D> {
  readonly #database: Database;
  readonly #writer: BatchWriter;
  readonly #name: string;
  readonly #table: string;
  readonly #sortable: ReadonlySet<string>;

  constructor({ database, writer, name, table, sortable }: CollectionParts) {
    this.#database = database;
    this.#writer = writer;
    this.#name = name;
    this.#table = table;
    this.#sortable = sortable;
  }

  async get(id: string): Promise<D | null> {
    return this.#select(`SELECT doc FROM ${this.#table} WHERE id = ?`, [id])[0] ?? null;
  }

  async getMany(ids: readonly string[]): Promise<D[]> {
    const sql = `SELECT doc FROM ${this.#table} WHERE id IN (SELECT value FROM json_each(?))`;
    return this.#select(sql, [JSON.stringify(ids)]);
  }

  async page(request: PageRequest): Promise<Page<D>> {
    const query = compilePage(this.#name, this.#sortable, request);
    const scalars = this.#scalars();
    const wanted = all([anyOfSql(query.anyOf, scalars), filterSql(query.filter, scalars)]);
    return readPage(query, (segment, limit) => this.#segment(query, wanted, segment, limit));
  }

  async count(filter: Filter): Promise<number> {
    checkFilter(filter, '/filter');
    const where = filterSql(filter, this.#scalars());
    const sql = `SELECT count(*) AS count FROM ${this.#table} WHERE ${where.text}`;
    const row = this.#database.guard(() => this.#database.prepare(sql).get(...where.values));
    return (row as { count: number }).count;
  }

  async apply(changes: readonly Change<D>[], checkpoint: Checkpoint): Promise<void> {
    const rows = changes.map((change) =>
      change.kind === 'put'
        ? ([change.document.id, JSON.stringify(change.document)] as const)
        : ([change.id, null] as const),
    );
    const lists = [...this.#sortable].filter((field) =>
      changes.some((change) => change.kind === 'put' && Array.isArray(valueAt(change.document, field))),
    );
    await this.#writer.write({ name: this.#name, table: this.#table, rows, lists, checkpoint });
  }

  async checkpoint(): Promise<Checkpoint | null> {
    return this.#database.guard(() => storedCheckpoint(this.#database, this.#name));
  }

  async reset(): Promise<void> {
    this.#database.guard(() =>
      this.#database.transaction(() => {
        this.#run(`DELETE FROM ${this.#table}`, []);
        const scalars = JSON.stringify([...this.#sortable]);
        const sql = 'UPDATE collections SET position = NULL, hash = NULL, scalars = ? WHERE name = ?';
        this.#run(sql, [scalars, this.#name]);
      }),
    );
  }

  #scalars(): ReadonlySet<string> {
    return this.#database.guard(() => scalarFields(this.#database, this.#name));
  }

  #segment(query: PageQuery, wanted: Sql, segment: Segment, limit: number): D[] {
    const { field, descending } = query.sort;
    const where = all([wanted, segmentSql(segment, query.sort)]);
    const direction = descending ? 'DESC' : 'ASC';
    const order = `${expression(field)} ${direction}, id ${direction}`;
    const sql = `SELECT doc FROM ${this.#table} WHERE ${where.text} ORDER BY ${order} LIMIT ?`;
    return this.#select(sql, [...where.values, limit]);
  }

  #select(sql: string, values: readonly SQLInputValue[]): D[] {
    const rows = this.#database.guard(() => this.#database.prepare(sql).all(...values));
    return rows.map((row) => JSON.parse(String(row['doc'])) as D);
  }

  #run(sql: string, values: readonly SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values);
  }
}
