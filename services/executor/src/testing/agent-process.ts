// The agent as a process of its own, so that tests can kill it without killing themselves.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface AgentProcess {
  readonly pid: number;
  /** Everything it logged. */
  readonly logged: () => string;
  kill(): Promise<void>;
  stop(): Promise<void>;
  stopWithJobs(): Promise<void>;
}

/** No decorators in the agent: Node runs its sources as they are. `prefix`: words before the agent's own. */
export async function startAgentProcess(
  environment: Record<string, string>,
  prefix: readonly string[] = [],
): Promise<AgentProcess> {
  const node = [process.execPath, '--conditions=source', '--disable-warning=ExperimentalWarning'];
  const [command, ...argv] = [...prefix, ...node, MAIN];
  const child = spawn(command, argv, {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let logged = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    logged += chunk.toString();
  });
  await once(child, 'spawn');
  const end = (signal: NodeJS.Signals) => endProcess(child, signal);
  return {
    pid: child.pid ?? 0,
    logged: () => logged,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    stopWithJobs: () => end('SIGUSR2'),
  };
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
