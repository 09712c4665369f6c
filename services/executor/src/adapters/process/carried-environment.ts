// A job's environment on its way past what stands before it. The supervisor, and what changes the user, may be root's: by a variable such
// as PATH or LD_PRELOAD they would run what the job likes. So its variables go under other names, until waiter.sh gives them back.
import { isShellName } from './shell-name.ts';

/** By these a process is found to belong to an attempt. */
const PLAIN: ReadonlySet<string> = new Set(['BATON_JOB_ID', 'BATON_ATTEMPT']);

/** `path`: where the tools of those that stand before the job are looked for. */
export function carriedEnvironment(
  environment: Readonly<Record<string, string>>,
  path: string,
): Record<string, string> {
  // What no shell can give back, nobody heeds either.
  const isCarried = (name: string) => isShellName(name) && !PLAIN.has(name);
  const names = Object.keys(environment).filter(isCarried);
  const variables = Object.entries(environment).map(
    ([name, value]) => [isCarried(name) ? `BATON_CARRIED_${name}` : name, value] as const,
  );
  return { ...Object.fromEntries(variables), BATON_CARRIED: names.join(' '), PATH: path };
}
