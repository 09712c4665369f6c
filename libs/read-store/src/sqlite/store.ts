// The read store in one SQLite file: for an installation on one machine.
import { checkCollectionName, checkField } from '../field.ts';
import { sortableFields } from '../paging.ts';
import type { Collection, CollectionOptions, Document, ReadStore } from '../port.ts';
import { BatchWriter } from './batch-writer.ts';
import { SqliteCollection } from './collection.ts';
import { expression } from './condition.ts';
import { Database } from './database.ts';

export interface SqliteReadStoreOptions {
  /** The database's file, or `:memory:`. Its folder is made if it is missing. */
  readonly path: string;
  /** Told where a damaged file was moved to; the collections are then empty, to be rebuilt. */
  readonly onDiscarded?: (movedTo: string) => void;
  /** Writes of so many documents are made in a thread. Default 64: of fewer, it would take longer to start than they take. */
  readonly worthAThread?: number;
}

const WORTH_A_THREAD = 64;

/** Opens the file, making it if there is none. `unavailable` if it can't be opened. */
export async function openSqliteReadStore(options: SqliteReadStoreOptions): Promise<ReadStore> {
  const database = Database.open(options.path, options.onDiscarded ?? (() => {}));
  return new SqliteReadStore(database, new BatchWriter(database, options.worthAThread ?? WORTH_A_THREAD));
}

class SqliteReadStore implements ReadStore {
  readonly #database: Database;
  readonly #writer: BatchWriter;

  constructor(database: Database, writer: BatchWriter) {
    this.#database = database;
    this.#writer = writer;
  }

  async collection<D extends Document>(name: string, options: CollectionOptions): Promise<Collection<D>> {
    checkCollectionName(name);
    const sortable = sortableFields(options.indexes);
    for (const field of sortable) checkField(field, '/indexes');
    const table = `"documents_${name}"`;
    this.#database.guard(() =>
      this.#database.transaction(() => {
        this.#discardOtherVersion(name, table, options.version);
        this.#create(name, table, options, sortable);
      }),
    );
    return new SqliteCollection<D>({ database: this.#database, writer: this.#writer, name, table, sortable });
  }

  async close(): Promise<void> {
    await this.#writer.close();
    this.#database.close();
  }

  #discardOtherVersion(name: string, table: string, version: number): void {
    const stored = this.#database.prepare('SELECT version FROM collections WHERE name = ?').get(name);
    if (stored === undefined || stored['version'] === version) return;
    this.#database.execute(`DROP TABLE IF EXISTS ${table}`);
    this.#database.prepare('DELETE FROM collections WHERE name = ?').run(name);
  }

  #create(name: string, table: string, options: CollectionOptions, sortable: ReadonlySet<string>): void {
    this.#database.execute(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, doc TEXT NOT NULL) STRICT`);
    for (const fields of [['createdAt'], ...options.indexes]) {
      const columns = [...fields.map(expression), 'id'].join(', ');
      this.#database.execute(`CREATE INDEX IF NOT EXISTS "${name}:${fields.join(',')}" ON ${table} (${columns})`);
    }
    // Fields of indexes declared later at the same version are not in the row: they are looked up the general way.
    const sql = 'INSERT INTO collections (name, version, scalars) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
    this.#database.prepare(sql).run(name, options.version, JSON.stringify([...sortable]));
  }
}
