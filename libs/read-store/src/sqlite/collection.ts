// A collection in SQLite: one table of JSON documents with an expression index for each declared index.
import type { SQLInputValue } from 'node:sqlite';
import { valueAt } from '../field.ts';
import { checkFilter, compilePage, type PageQuery, readPage, type Segment } from '../paging.ts';
import type { Change, Checkpoint, Collection, Document, Filter, Page, PageRequest } from '../port.ts';
import { all, anyOfSql, expression, filterSql, segmentSql, type Sql } from './condition.ts';
import type { Database } from './database.ts';

export class SqliteCollection<D extends Document> implements Collection<D> {
  readonly #database: Database;
  readonly #name: string;
  readonly #table: string;
  readonly #sortable: ReadonlySet<string>;

  constructor(database: Database, name: string, table: string, sortable: ReadonlySet<string>) {
    this.#database = database;
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
    this.#database.guard(() => this.#database.transaction(() => this.#apply(changes, checkpoint)));
  }

  async checkpoint(): Promise<Checkpoint | null> {
    return this.#database.guard(() => this.#checkpoint());
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

  #apply(changes: readonly Change<D>[], checkpoint: Checkpoint): void {
    const stored = this.#checkpoint();
    if (stored !== null && checkpoint.position <= stored.position) return;
    const put = this.#database.prepare(
      `INSERT INTO ${this.#table} (id, doc) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`,
    );
    const remove = this.#database.prepare(`DELETE FROM ${this.#table} WHERE id = ?`);
    for (const change of changes) {
      if (change.kind === 'put') put.run(change.document.id, JSON.stringify(change.document));
      else remove.run(change.id);
    }
    this.#noteLists(changes);
    const sql = 'UPDATE collections SET position = ?, hash = ? WHERE name = ?';
    this.#run(sql, [checkpoint.position, checkpoint.hash, this.#name]);
  }

  /** A field that a list is put into is from now on looked up as one (MongoDB calls such an index multikey). */
  #noteLists(changes: readonly Change<D>[]): void {
    const scalars = this.#scalars();
    const left = [...scalars].filter(
      (field) => !changes.some((change) => change.kind === 'put' && Array.isArray(valueAt(change.document, field))),
    );
    if (left.length === scalars.size) return;
    this.#run('UPDATE collections SET scalars = ? WHERE name = ?', [JSON.stringify(left), this.#name]);
  }

  /** Read every time: another process may have put a list. */
  #scalars(): ReadonlySet<string> {
    const row = this.#row<{ scalars: string }>('SELECT scalars FROM collections WHERE name = ?');
    return new Set(row === undefined ? [] : (JSON.parse(row.scalars) as string[]));
  }

  #checkpoint(): Checkpoint | null {
    const row = this.#row<{ position: number | null; hash: string }>(
      'SELECT position, hash FROM collections WHERE name = ?',
    );
    return row === undefined || row.position === null ? null : { position: row.position, hash: row.hash };
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

  #row<Row>(sql: string): Row | undefined {
    return this.#database.guard(() => this.#database.prepare(sql).get(this.#name)) as Row | undefined;
  }

  #run(sql: string, values: readonly SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values);
  }
}
