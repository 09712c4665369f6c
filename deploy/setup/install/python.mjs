// The Python environment that training scripts run in: numpy, scikit-learn, onnx, onnxruntime, fastapi, uvicorn.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setupFolder, toolsFolder } from '../paths.mjs';
import { withLock } from '../process/lock.mjs';
import { withProgress } from '../process/progress.mjs';
import { findPython } from './python-interpreter.mjs';
import { hashOf, hasStamp, writeStamp } from './stamp.mjs';
import { installUv, runUv } from './uv.mjs';

const requirements = join(setupFolder, 'requirements.txt');
const environment = join(toolsFolder, 'python');
const interpreter = join(environment, 'bin/python');
const stampFile = join(environment, '.baton-stamp');

const isInstalled = () => hasStamp(stampFile, hashOf([requirements])) && existsSync(interpreter);

async function install() {
  if (isInstalled()) return;
  const python = await findPython();
  await installUv();
  await withProgress('Python packages: uv pip install', async () => {
    rmSync(environment, { recursive: true, force: true });
    await runUv('python', ['venv', '--python', python, environment]);
    await runUv('python', ['pip', 'install', '--python', interpreter, '--requirements', requirements]);
  });
  writeStamp(stampFile, hashOf([requirements]));
}

/** Installs once; returns the environment's interpreter. */
export async function installPython() {
  if (!isInstalled()) await withLock('python', install);
  return interpreter;
}
