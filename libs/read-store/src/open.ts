// Opens a read store by its URL.
import { PlatformError } from '@baton/errors';
import type { ReadStore } from './port.ts';
import { openSqliteReadStore } from './sqlite/store.ts';

export interface MongoReadStoreOptions {
  /** `mongodb://` or `mongodb+srv://`. */
  readonly uri: string;
  /** Default: the one that the URI names. */
  readonly database?: string;
}

/** Connects to MongoDB. `unavailable` if it does not answer. mongoose is loaded only here: it takes 30 MB. */
export async function openMongoReadStore(options: MongoReadStoreOptions): Promise<ReadStore> {
  const { connectMongo } = await import('./mongo/store.ts');
  return connectMongo(options.uri, options.database);
}

const SQLITE = 'sqlite:';

/** `sqlite:<path>`, or MongoDB's `mongodb://host/database`. */
export async function openReadStore(url: string): Promise<ReadStore> {
  if (url.startsWith(SQLITE) && url.length > SQLITE.length) {
    return openSqliteReadStore({ path: url.slice(SQLITE.length) });
  }
  if (/^mongodb(\+srv)?:\/\//.test(url)) return openMongoReadStore({ uri: url });
  const message = 'The read store is "sqlite:<path>" or "mongodb://<host>/<database>".';
  // The URL may hold a password: it is not repeated.
  throw new PlatformError('invalid_input', message);
}
