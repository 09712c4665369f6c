// Finds a command the way a shell would, before anything is started, so that a missing one has a clear message.
import { PlatformError } from '@baton/errors';
import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Absolute path of the command's file. `invalid_input` if there is none, or if it can't be executed. */
export async function findCommand(command: string, path: string, folder: string): Promise<string> {
  if (command === '') throw new PlatformError('invalid_input', 'The command is empty.');
  const candidates = command.includes('/')
    ? [resolve(folder, command)]
    : path.split(':').map((one) => resolve(folder, one, command));
  let found = false;
  for (const candidate of candidates) {
    const what = await inspect(candidate);
    if (what === 'executable') return candidate;
    if (what === 'file') found = true;
  }
  const where = command.includes('/') ? 'in the code' : `on the node's PATH (${path})`;
  if (found)
    throw new PlatformError(
      'invalid_input',
      `"${command}" is not executable; set its executable bit, or name its interpreter.`,
    );
  throw new PlatformError('invalid_input', `The command "${command}" was not found ${where}.`);
}

async function inspect(path: string): Promise<'executable' | 'file' | 'none'> {
  try {
    if (!(await stat(path)).isFile()) return 'none';
    await access(path, constants.X_OK);
    return 'executable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'file' : 'none';
  }
}

/** The same, for what the agent itself uses; null if it is not there. */
export async function findOnPath(name: string, path: string): Promise<string | null> {
  return findCommand(name, path, '/').catch(() => null);
}
