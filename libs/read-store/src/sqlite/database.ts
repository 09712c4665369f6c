// The database file: opened, set up, and moved aside when damaged, since all in it can be rebuilt from the log.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { asPlatformError, isDamage, unwritable } from './failure.ts';

/** Of the tables that this adapter makes; another number in the file discards it. */
const LAYOUT = 1;
const MEMORY = ':memory:';
const MAX_STATEMENTS = 500;

const SETUP = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 8192;
  PRAGMA busy_timeout = 5000;
  PRAGMA temp_store = MEMORY;
  CREATE TABLE IF NOT EXISTS collections (
    name TEXT PRIMARY KEY, version INTEGER NOT NULL, scalars TEXT NOT NULL, position INTEGER, hash TEXT
  ) STRICT;`;

export class Database {
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(path: string, connection: DatabaseSync) {
    this.#path = path;
    this.#connection = connection;
  }

  /** `onDiscarded` is told where a damaged or foreign file was moved to. */
  static open(path: string, onDiscarded: (movedTo: string) => void): Database {
    if (path !== MEMORY) prepareFile(path);
    if (path !== MEMORY && existsSync(damageMark(path))) onDiscarded(moveAside(path));
    try {
      return new Database(path, connect(path));
    } catch (error) {
      if (path === MEMORY || !isDamage(error)) throw asPlatformError(error);
      onDiscarded(moveAside(path));
      return new Database(path, connect(path));
    }
  }

  /** One more connection to a file that is open: it was looked at then. */
  static beside(path: string): Database {
    const connection = new DatabaseSync(path);
    connection.exec(SETUP);
    return new Database(path, connection);
  }

  /** Null where no other connection can be had. */
  get file(): string | null {
    return this.#path === MEMORY ? null : this.#path;
  }

  /** The statement, prepared once. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    const made = this.#connection.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  execute(sql: string): void {
    this.#connection.exec(sql);
  }

  /** Runs `work` with errors translated. A damaged file is marked, so that the next start begins with an empty one. */
  guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isDamage(error) && this.file !== null) writeFileSync(damageMark(this.#path), '');
      throw asPlatformError(error);
    }
  }

  /** All of `work` or nothing. */
  transaction<T>(work: () => T): T {
    this.#connection.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#connection.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#connection.isOpen) this.#connection.close();
  }
}

function connect(path: string): DatabaseSync {
  // The log of a database that was closed properly is gone: one that is there tells of a crash.
  const crashed = path !== MEMORY && existsSync(`${path}-wal`);
  const connection = new DatabaseSync(path);
  try {
    const { user_version: layout } = connection.prepare('PRAGMA user_version').get() as { user_version: number };
    if (layout !== LAYOUT && layout !== 0) throw damage(`has layout ${layout}, not ${LAYOUT}`);
    connection.exec(SETUP);
    if (layout === 0) connection.exec(`PRAGMA user_version = ${LAYOUT}`);
    if (crashed) checkPages(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function checkPages(connection: DatabaseSync): void {
  const { quick_check: outcome } = connection.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
  if (outcome !== 'ok') throw damage(outcome);
}

function damage(message: string): Error {
  const CORRUPT = 11;
  return Object.assign(new Error(`The read store's file ${message}`), { errcode: CORRUPT });
}

/** Documents hold e-mail addresses: the file is for its owner only. */
function prepareFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw unwritable(path, error);
  }
}

function damageMark(path: string): string {
  return `${path}-damaged`;
}

function moveAside(path: string): string {
  const movedTo = `${path}.damaged-${Date.now()}`;
  renameSync(path, movedTo);
  for (const suffix of ['-wal', '-shm', '-damaged']) rmSync(`${path}${suffix}`, { force: true });
  return movedTo;
}
