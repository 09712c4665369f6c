// What the setup has fetched into the repository, or where `BATON_TOOLS` says.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

/** The paths of what has that beginning of a name, at the top or in a folder there. */
export function toolsNamed(prefix: string, inFolder = ''): string[] {
  const folder = join(process.env['BATON_TOOLS'] ?? join(REPOSITORY, '.tools'), inFolder);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.startsWith(prefix)).map((name) => join(folder, name));
}

/** The machine's Go, and what the setup fetched to build nats-server with: commands to be tried in this order. */
export function goToolchains(): string[] {
  return ['go', ...toolsNamed('go-').map((folder) => join(folder, 'bin', 'go'))];
}
