// The read store in MongoDB, through mongoose: for an installation of several machines.
import { type Connection, createConnection, type Model } from 'mongoose';
import { checkCollectionName, checkField } from '../field.ts';
import { sortableFields } from '../paging.ts';
import type { Collection, CollectionOptions, Document, ReadStore } from '../port.ts';
import { MongoCollection } from './collection.ts';
import { guard } from './failure.ts';
import { Journal } from './journal.ts';
import { type ChunkRecord, chunkModel, documentModel, type StateRecord, stateModel } from './records.ts';

const CONNECT_WITHIN_MS = 10_000;

export async function connectMongo(uri: string, database: string | undefined): Promise<ReadStore> {
  const connection = createConnection(uri, {
    ...(database === undefined ? {} : { dbName: database }),
    ...(uri.includes('serverSelectionTimeoutMS=') ? {} : { serverSelectionTimeoutMS: CONNECT_WITHIN_MS }),
    bufferCommands: false,
    // A checkpoint that a failover takes back would let the projection skip what it had applied.
    writeConcern: { w: 'majority', journal: true },
  });
  await guard(() => connection.asPromise());
  return new MongoReadStore(connection);
}

class MongoReadStore implements ReadStore {
  readonly #connection: Connection;
  readonly #states: Model<StateRecord>;
  readonly #chunks: Model<ChunkRecord>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#states = stateModel(connection);
    this.#chunks = chunkModel(connection);
  }

  async collection<D extends Document>(name: string, options: CollectionOptions): Promise<Collection<D>> {
    checkCollectionName(name);
    const sortable = sortableFields(options.indexes);
    for (const field of sortable) checkField(field, '/indexes');
    const records = documentModel(this.#connection, name, options);
    const journal = new Journal<D>(this.#states, this.#chunks, name);
    const { version } = options;
    const collection = new MongoCollection<D>({ name, version, sortable, records, journal });
    await guard(async () => {
      const state = await journal.state();
      if (state === null || state.version !== version) await collection.reset();
      await records.createIndexes();
    });
    return collection;
  }

  async close(): Promise<void> {
    await guard(() => this.#connection.close());
  }
}
