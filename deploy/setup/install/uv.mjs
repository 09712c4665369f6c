// uv, the fast installer of Python packages: the machine's, or one from the Python registry.
import { join } from 'node:path';
import { toolBinary, toolsFolder } from '../paths.mjs';
import { findOnPath } from '../process/executables.mjs';
import { runLogged } from '../process/logged-command.mjs';
import { SetupError } from '../setup-error.mjs';
import { findPython } from './python-interpreter.mjs';
import { stagedTool } from './staged-tool.mjs';

const version = '0.13.8';

async function pipInto(folder, python) {
  await runLogged('uv', python, ['-m', 'pip', 'install', '--target', folder, `uv==${version}`]);
  return join(folder, 'bin/uv');
}

async function pipInOwnEnvironment(folder, python) {
  await runLogged('uv', python, ['-m', 'venv', folder]);
  await runLogged('uv', join(folder, 'bin/python'), ['-m', 'pip', 'install', `uv==${version}`]);
  return join(folder, 'bin/uv');
}

async function fetchUv(scratch) {
  const python = await findPython();
  try {
    return await pipInto(join(scratch, 'pip'), python);
  } catch (withoutPip) {
    try {
      return await pipInOwnEnvironment(join(scratch, 'venv'), python);
    } catch {
      throw new SetupError(
        `uv could not be installed with ${python}: ${withoutPip.message}`,
        'install pip or venv for it (Debian: apt install python3-venv), or uv itself, and see that the Python registry can be reached',
      );
    }
  }
}

export async function installUv() {
  return (
    findOnPath('uv') ?? stagedTool(toolBinary(`uv-${version}`), `uv ${version}: from the Python registry`, fetchUv)
  );
}

/** Runs uv; a registry mirror that pip was told of serves uv too. */
export async function runUv(log, args) {
  const mirror = process.env.UV_DEFAULT_INDEX ?? process.env.PIP_INDEX_URL;
  await runLogged(log, await installUv(), args, {
    env: {
      UV_NO_CONFIG: '1',
      UV_PYTHON_DOWNLOADS: 'never',
      ...(mirror ? { UV_DEFAULT_INDEX: mirror } : {}),
    },
    cwd: toolsFolder,
  });
}
