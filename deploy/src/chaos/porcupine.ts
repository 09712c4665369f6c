// The history once more before porcupine, where there is Go and its module can be had.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { goToolchains } from '@baton/testkit';

const PROGRAM = fileURLToPath(new URL('../../linearizability', import.meta.url));
const TIMEOUT_MS = 240_000;

/** `Ok`, `Illegal`, `Unknown` (it took too long), or `absent` with the reason. */
export function askPorcupine(historyPath: string): { readonly result: string; readonly why?: string } {
  let why = '';
  for (const go of goToolchains()) {
    const { status, stdout, stderr, error } = spawnSync(go, ['run', '.', historyPath], {
      cwd: PROGRAM,
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    });
    if (status === 0) return JSON.parse(stdout) as { result: string };
    why = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  }
  return { result: 'absent', why };
}
