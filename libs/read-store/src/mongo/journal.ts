// A batch is written down before its documents are: a crash in between is made good from it, without transactions.
import { randomUUID } from 'node:crypto';
import { PlatformError } from '@baton/errors';
import type { Model } from 'mongoose';
import type { Change, Checkpoint, Document } from '../port.ts';
import type { BatchMark, ChunkRecord, StateRecord } from './records.ts';

/** A record of MongoDB holds 16 MiB; a character of JSON takes up to three bytes. */
const CHUNK_CHARACTERS = 4 * 1024 * 1024;

export class Journal<D extends Document> {
  readonly #states: Model<StateRecord>;
  readonly #chunks: Model<ChunkRecord>;
  readonly #name: string;

  constructor(states: Model<StateRecord>, chunks: Model<ChunkRecord>, name: string) {
    this.#states = states;
    this.#chunks = chunks;
    this.#name = name;
  }

  async state(): Promise<StateRecord | null> {
    return this.#states.findById(this.#name).lean<StateRecord>();
  }

  /** Writes the batch down; from then on it will be applied whole. */
  async begin(changes: readonly Change<D>[], checkpoint: Checkpoint, from: number | null): Promise<BatchMark> {
    const chunks = chunksOf(changes).map((text) => ({
      _id: `${this.#name}:${randomUUID()}`,
      collectionName: this.#name,
      changes: text,
    }));
    await this.#chunks.insertMany(chunks);
    const batch = { ...checkpoint, chunks: chunks.map((chunk) => chunk._id) };
    await this.#move(from, { batch });
    return batch;
  }

  /** The changes of a batch that was begun. */
  async changes(batch: BatchMark): Promise<Change<D>[]> {
    const found = await this.#chunks.find({ _id: { $in: batch.chunks } }).lean<ChunkRecord[]>();
    if (found.length !== batch.chunks.length) throw overtaken(this.#name);
    const texts = new Map(found.map((chunk) => [chunk._id, chunk.changes]));
    return batch.chunks.flatMap((id) => JSON.parse(texts.get(id) ?? '[]') as Change<D>[]);
  }

  /** All of the batch is in the documents: the checkpoint moves. */
  async end(batch: BatchMark, from: number | null): Promise<void> {
    await this.#move(from, { position: batch.position, hash: batch.hash, batch: null });
    await this.#chunks.deleteMany({ _id: { $in: batch.chunks } });
  }

  /** Forgets everything. `version` stays null until `restart`, so that a crash in between is seen at the next start. */
  async discard(): Promise<void> {
    const empty = { version: null, position: null, hash: null, batch: null };
    await this.#states.updateOne({ _id: this.#name }, { $set: empty }, { upsert: true });
    await this.#chunks.deleteMany({ collectionName: this.#name });
  }

  async restart(version: number): Promise<void> {
    await this.#states.updateOne({ _id: this.#name }, { $set: { version } });
  }

  async #move(from: number | null, change: Partial<StateRecord>): Promise<void> {
    const outcome = await this.#states.updateOne({ _id: this.#name, position: from }, { $set: change });
    if (outcome.matchedCount === 0) throw overtaken(this.#name);
  }
}

function overtaken(name: string): PlatformError {
  return new PlatformError('unavailable', 'Another instance is writing this read model.', { detail: name });
}

function chunksOf(changes: readonly Change<Document>[]): string[] {
  const chunks: string[] = [];
  let texts: string[] = [];
  let length = 0;
  const flush = (): void => {
    if (texts.length > 0) chunks.push(`[${texts.join(',')}]`);
    texts = [];
    length = 0;
  };
  for (const change of changes) {
    const text = JSON.stringify(change);
    if (length + text.length > CHUNK_CHARACTERS) flush();
    texts.push(text);
    length += text.length;
  }
  flush();
  return chunks;
}
