// The log of a state folder, through the platform that runs on it, or else from a copy; and of a copied store.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PlatformError } from '@baton/errors';
import { hasCode } from '@baton/errors';
import { connectBus } from '@baton/messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import { lockFolder } from '../embedded/lock.ts';
import { natsBinary } from './nats-binary.ts';
import { startPrivateServer } from './private-server.ts';
import { copyStore } from './store-copy.ts';

type Settings = Readonly<Record<string, string | undefined>>;

export interface OpenLog {
  readonly connection: NatsConnection;
  readonly source: string;
  close(): Promise<void>;
}

/** Throws `not_found` where there is no installation. */
export async function openLogOf(homeFolder: string, settings: Settings): Promise<OpenLog> {
  const home = existingHome(homeFolder);
  const release = tryLock(home);
  if (release === null) return openRunning(home);
  try {
    const opened = await openStore(join(home, 'nats'), settings);
    return {
      ...opened,
      close: async () => {
        await opened.close();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

export async function openStore(store: string, settings: Settings): Promise<OpenLog> {
  const copy = await copyStore(resolve(store));
  try {
    const server = await startPrivateServer(natsBinary(settings), copy.folder);
    return {
      connection: server.connection,
      source: `a copy of ${store}`,
      close: async () => {
        await server.close();
        await copy.remove();
      },
    };
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

export function existingHome(folder: string): string {
  const home = resolve(folder);
  if (existsSync(join(home, 'secrets', 'installation'))) return home;
  throw new PlatformError(
    'not_found',
    `${home} is no state folder of Baton. Name it with --home, or set BATON_HOME; run this as the user that runs Baton.`,
  );
}

/** Null while a platform runs on it. */
export function tryLock(home: string): (() => void) | null {
  try {
    return lockFolder(join(home, 'run'));
  } catch (error) {
    if (hasCode(error, 'conflict')) return null;
    throw error;
  }
}

async function openRunning(home: string): Promise<OpenLog> {
  const password = readFileSync(join(home, 'secrets', 'nats-keeper'), 'utf8').trim();
  const bus = await connectBus({
    url: urlOf(home),
    role: 'keeper',
    credentials: { user: 'keeper', password },
    onError: () => undefined,
  });
  return { connection: bus.connection, source: `the platform that runs on ${home}`, close: () => bus.close() };
}

function urlOf(home: string): string {
  const listen = /^listen: "(.*):(\d+)"$/m.exec(readFileSync(join(home, 'secrets', 'nats.conf'), 'utf8'));
  const [, host = '127.0.0.1', port = ''] = listen ?? [];
  return `nats://${host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host}:${port}`;
}
