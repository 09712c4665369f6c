// The history once more before porcupine, where there is Go and its module can be had.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../linearizability', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const TIMEOUT_MS = 240_000;

/** `Ok`, `Illegal`, `Unknown` (it took too long), or `absent` with the reason. */
export function askPorcupine(historyPath: string): { readonly result: string; readonly why?: string } {
  let why = '';
  for (const go of toolchains()) {
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

/** The machine's Go, and what the setup fetched to build nats-server with. */
function toolchains(): string[] {
  const tools = process.env['BATON_TOOLS'] ?? join(REPOSITORY, '.tools');
  const fetched = existsSync(tools) ? readdirSync(tools).filter((name) => name.startsWith('go-')) : [];
  return ['go', ...fetched.map((name) => join(tools, name, 'bin', 'go'))];
}
