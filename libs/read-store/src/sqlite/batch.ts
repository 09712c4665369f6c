// What one write puts into a collection's table, as text: all of it with its checkpoint, or nothing.
import type { Checkpoint } from '../port.ts';
import type { Database } from './database.ts';

export interface Batch {
  /** The collection's. */
  readonly name: string;
  readonly table: string;
  /** Documents by id; null removes one. */
  readonly rows: readonly (readonly [id: string, document: string | null])[];
  /** Sortable fields that a list is put into: from now on they are looked up as such (MongoDB calls such an index multikey). */
  readonly lists: readonly string[];
  readonly checkpoint: Checkpoint;
}

export function writeBatch(database: Database, batch: Batch): void {
  database.guard(() => database.transaction(() => write(database, batch)));
}

function write(database: Database, { name, table, rows, lists, checkpoint }: Batch): void {
  const stored = storedCheckpoint(database, name);
  if (stored !== null && checkpoint.position <= stored.position) return;
  const put = database.prepare(
    `INSERT INTO ${table} (id, doc) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`,
  );
  const remove = database.prepare(`DELETE FROM ${table} WHERE id = ?`);
  for (const [id, document] of rows) {
    if (document === null) remove.run(id);
    else put.run(id, document);
  }
  if (lists.length > 0) noteLists(database, name, lists);
  const sql = 'UPDATE collections SET position = ?, hash = ? WHERE name = ?';
  database.prepare(sql).run(checkpoint.position, checkpoint.hash, name);
}

function noteLists(database: Database, name: string, lists: readonly string[]): void {
  const scalars = scalarFields(database, name);
  const left = [...scalars].filter((field) => !lists.includes(field));
  if (left.length === scalars.size) return;
  database.prepare('UPDATE collections SET scalars = ? WHERE name = ?').run(JSON.stringify(left), name);
}

/** Read every time: another process may have put a list. */
export function scalarFields(database: Database, name: string): ReadonlySet<string> {
  const row = database.prepare('SELECT scalars FROM collections WHERE name = ?').get(name);
  return new Set(row === undefined ? [] : (JSON.parse(String(row['scalars'])) as string[]));
}

export function storedCheckpoint(database: Database, name: string): Checkpoint | null {
  const row = database.prepare('SELECT position, hash FROM collections WHERE name = ?').get(name);
  if (row === undefined || row['position'] === null) return null;
  return { position: Number(row['position']), hash: String(row['hash']) };
}
