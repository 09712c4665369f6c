// Whether tests can start things as another user here.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

export const NOBODY = '65534';
const WAITER = createRequire(import.meta.url).resolve('@baton/executor/assets/waiter.sh');

/** Null if they can; else why not. `paths`: what that user must be able to read, besides this checkout. */
function whyNotAsOther(...paths: readonly string[]): string | null {
  if (process.getuid?.() !== 0) return 'this is not root';
  const script = 'for path; do [ -r "$path" ] || { echo "$path"; exit 1; }; done';
  const argv = ['--reuid', NOBODY, '--clear-groups', '--', '/bin/sh', '-c', script, 'sh', WAITER, ...paths];
  const { status, stdout } = spawnSync('setpriv', argv, { cwd: '/', encoding: 'utf8' });
  if (status === 0) return null;
  return stdout ? `another user can not reach ${stdout.trim()}` : 'there is no setpriv';
}

/** The same, said aloud: what is skipped must not go unnoticed. */
export function skipsAsOther(what: string, ...paths: readonly string[]): boolean {
  const why = whyNotAsOther(...paths);
  if (why !== null) process.stderr.write(`SKIPPED: ${what}: ${why}.\n`);
  return why !== null;
}
