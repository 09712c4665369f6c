// Runs a tool of the agent's own to its end and keeps the last of what it said.
import { type ChildProcess, spawn } from 'node:child_process';

const KEPT_CHARS = 16_384;

export interface ToolEnd {
  /** -1 if it could not be run or was killed. */
  readonly code: number;
  readonly output: string;
}

export interface ToolOptions {
  readonly timeoutMs?: number;
  /** Kills it and all that it has started. */
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
  readonly cwd?: string;
  /** On top of the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Never rejects. The tool gets a clean environment: nothing of the agent's own settings. */
export function runTool(command: readonly string[], path: string, options: ToolOptions = {}): Promise<ToolEnd> {
  const [file = '', ...rest] = command;
  const { timeoutMs = 0, signal, cwd } = options;
  if (signal?.aborted === true) return Promise.resolve({ code: -1, output: '' });
  return new Promise((resolve) => {
    const env = { PATH: path, HOME: process.env['HOME'] ?? '/', LANG: 'C.UTF-8', ...proxies(), ...options.env };
    const where = cwd === undefined ? {} : { cwd };
    // A group of its own, so that what it starts can be ended with it.
    const child = spawn(file, rest, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...where });
    const output = listen(child, options.onLine);
    const stop = () => killGroup(child);
    const timer = timeoutMs === 0 ? undefined : setTimeout(stop, timeoutMs);
    signal?.addEventListener('abort', stop, { once: true });
    const end = (ended: ToolEnd) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve(ended);
    };
    child.once('error', (error) => end({ code: -1, output: error.message }));
    child.once('close', (code) => end({ code: code ?? -1, output: output() }));
  });
}

function listen(child: ChildProcess, onLine: ToolOptions['onLine']): () => string {
  let output = '';
  let unfinished = '';
  const keep = (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    output = (output + text).slice(-KEPT_CHARS);
    if (onLine === undefined) return;
    const lines = (unfinished + text).split('\n');
    unfinished = (lines.pop() ?? '').slice(-KEPT_CHARS);
    for (const line of lines) onLine(line);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => output;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** How this network reaches a package index is the operator's setting, not a secret of the platform. */
function proxies(): NodeJS.ProcessEnv {
  const names = /^(https?_proxy|no_proxy|all_proxy|pip_.*|uv_.*|ssl_cert_.*|requests_ca_bundle)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name)));
}
