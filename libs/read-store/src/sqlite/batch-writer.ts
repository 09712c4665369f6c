// Writes batches in their order: small ones at once, large ones in a thread, so that a busy log's do not hold up everything else.
import { PlatformError } from '@baton/errors/platform-error';
import { type Batch, writeBatch } from './batch.ts';
import type { Database } from './database.ts';
import { WriteThread } from './write-thread.ts';

export class BatchWriter {
  readonly #database: Database;
  /** Null for a database that only this connection sees. */
  readonly #thread: WriteThread | null;
  readonly #worthAThread: number;

  /** `worthAThread`: so many documents. */
  constructor(database: Database, worthAThread: number, thread = threadFor(database)) {
    this.#database = database;
    this.#worthAThread = worthAThread;
    this.#thread = thread;
  }

  async write(batch: Batch): Promise<void> {
    // Two connections that write at once would wait for each other: as long as the thread runs, it writes everything.
    if (!this.#thread || (!this.#thread.isRunning && batch.rows.length < this.#worthAThread))
      return writeBatch(this.#database, batch);
    const answer = await this.#thread.write(batch);
    // It ended without a word. What it has written nevertheless is left alone, by the checkpoint.
    if (answer === null) return writeBatch(this.#database, batch);
    if (answer.failure) throw new PlatformError(answer.failure.code, answer.failure.message, answer.failure);
  }

  /** When all is written. */
  async close(): Promise<void> {
    await this.#thread?.close();
  }
}

/** It is started when it is needed. */
function threadFor({ file }: Database): WriteThread | null {
  return file === null ? null : new WriteThread(file);
}
