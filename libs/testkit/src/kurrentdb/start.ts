// Starts the small KurrentDB; loaded on use, so that tests without it don't wait for gRPC.
import type { KurrentDbServer } from './server.ts';

export async function startKurrentDbServer(): Promise<KurrentDbServer> {
  const { listenAsKurrentDb } = await import('./server.ts');
  return listenAsKurrentDb();
}
