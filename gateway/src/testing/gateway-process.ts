// A gateway as a process of its own, to be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const READY_WITHIN_MS = 60_000;

export interface GatewayProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** SIGKILL: no handler runs, nothing is flushed. */
  kill(): Promise<void>;
}

/** Sources run as they are: nothing in the gateway needs a build. */
export async function startGatewayProcess(environment: Record<string, string>, port: number): Promise<GatewayProcess> {
  const env = { ...environment, PATH: process.env['PATH'] ?? '', BATON_PORT: String(port) };
  const child = spawn(process.execPath, ['--conditions=source', MAIN], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await isAlive(url))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the gateway did not start: ${errors}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    child,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function isAlive(url: string): Promise<boolean> {
  return fetch(`${url}/livez`).then(
    (response) => response.ok,
    () => false,
  );
}
