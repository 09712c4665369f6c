// The records that the adapter keeps in MongoDB, and their models.
import { type Connection, type Model, Schema } from 'mongoose';
import type { CollectionOptions } from '../port.ts';
import { path } from './condition.ts';

/** A document, with the position that it reflects. */
export interface DocumentRecord {
  _id: string;
  position: number;
  doc: unknown;
}

/** Where a collection stands, and the batch that is being written. */
export interface StateRecord {
  _id: string;
  /** Null while a reset is under way. */
  version: number | null;
  position: number | null;
  hash: string | null;
  batch: BatchMark | null;
}

export interface BatchMark {
  position: number;
  hash: string;
  chunks: string[];
}

/** A part of a batch: changes as JSON. */
export interface ChunkRecord {
  _id: string;
  collectionName: string;
  changes: string;
}

/** `minimize` would drop empty objects, `versionKey` add a member. */
const PLAIN = { versionKey: false, minimize: false, autoIndex: false, autoCreate: false } as const;

export function documentModel(connection: Connection, name: string, options: CollectionOptions): Model<DocumentRecord> {
  const schema = new Schema<DocumentRecord>({ _id: String, position: Number, doc: Schema.Types.Mixed }, PLAIN);
  for (const fields of [['createdAt'], ...options.indexes]) {
    schema.index(Object.fromEntries([...fields.map(path), '_id'].map((field) => [field, 1])));
  }
  const stored = `documents_${name}`;
  if (connection.modelNames().includes(stored)) connection.deleteModel(stored);
  return connection.model<DocumentRecord>(stored, schema, stored);
}

export function stateModel(connection: Connection): Model<StateRecord> {
  const shape = { _id: String, version: Number, position: Number, hash: String, batch: Schema.Types.Mixed };
  return connection.model<StateRecord>('collections', new Schema<StateRecord>(shape, PLAIN), 'collections');
}

export function chunkModel(connection: Connection): Model<ChunkRecord> {
  const shape = { _id: String, collectionName: String, changes: String };
  return connection.model<ChunkRecord>('batches', new Schema<ChunkRecord>(shape, PLAIN), 'batches');
}
