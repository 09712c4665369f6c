// The read store: the port and the ways to open one.
export type {
  Change,
  Checkpoint,
  Collection,
  CollectionOptions,
  Document,
  Filter,
  Page,
  PageRequest,
  ReadStore,
  Scalar,
} from './port.ts';
export { openSqliteReadStore, type SqliteReadStoreOptions } from './sqlite/store.ts';
export { type MongoReadStoreOptions, openMongoReadStore, openReadStore } from './open.ts';
