// The Python that training jobs run with: numpy, onnx and scikit-learn are in it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const INSTALLED = fileURLToPath(new URL('../../.tools/python/bin/python', import.meta.url));

/** Absolute path. `npm test` installs it and sets BATON_PYTHON. */
export function trainingPython(): string {
  const path = process.env['BATON_PYTHON'] ?? INSTALLED;
  if (!existsSync(path))
    throw new Error(`There is no Python at ${path}. Run \`npm test\`, which installs it, or set BATON_PYTHON.`);
  return path;
}
