// The nats-server that looks at a log that no platform runs on: the configured one, that of `npm start`, or what is on PATH.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Settings = Readonly<Record<string, string | undefined>>;

export function natsBinary(settings: Settings): string {
  return settings['BATON_NATS_SERVER'] ?? installed(settings) ?? 'nats-server';
}

/** This module lies in deploy/dist/bundle, or in deploy/src/admin: three folders below the repository. */
function installed(settings: Settings): string | undefined {
  const tools = settings['BATON_TOOLS'] ?? fileURLToPath(new URL('../../../.tools', import.meta.url));
  const folder = join(tools, 'bin');
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('nats-server-')) : [];
  const newest = found.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return newest === undefined ? undefined : join(folder, newest);
}
