// The machine's Python: 3.10 or newer.
import { findOnPath, versionOf } from '../process/executables.mjs';
import { SetupError } from '../setup-error.mjs';
import { isAtLeast } from '../versions.mjs';

const minimum = [3, 10];

export async function findPython() {
  const python = findOnPath('python3');
  if (!python)
    throw new SetupError('python3 is not on PATH', 'install Python 3.10 or newer (Debian: apt install python3)');
  const version = await versionOf(python);
  if (!version || !isAtLeast(version, minimum)) {
    throw new SetupError(
      `${python} is ${version?.join('.') ?? 'broken'}, older than ${minimum.join('.')}`,
      'put Python 3.10 or newer first on PATH',
    );
  }
  return python;
}
