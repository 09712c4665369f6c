// A connection to KurrentDB. Its client brings a native module along, and so it is loaded only where it is used.
import type { KurrentDBClient } from '@kurrent/kurrentdb-client';

export interface KurrentDbConnection {
  readonly client: KurrentDBClient;
  close(): Promise<void>;
}

/** `url`: a connection string, `kurrentdb://user:password@host:2113?tls=true`. Nothing is sent before it is used. */
export async function connectKurrentDb(url: string): Promise<KurrentDbConnection> {
  const { KurrentDBClient: Client } = await import('@kurrent/kurrentdb-client');
  const client = Client.connectionString(url);
  return { client, close: () => client.dispose() };
}
