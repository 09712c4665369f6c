// Runs a tool of the agent's own to its end and keeps the last of what it said.
import { spawn } from 'node:child_process';

const KEPT_CHARS = 16_384;

export interface ToolEnd {
  /** -1 if it could not be run or was killed. */
  readonly code: number;
  readonly output: string;
}

export interface ToolOptions {
  readonly timeoutMs?: number;
}

/** Never rejects. The tool gets a clean environment: nothing of the agent's own settings. */
export function runTool(command: readonly string[], path: string, options: ToolOptions = {}): Promise<ToolEnd> {
  const [file = '', ...rest] = command;
  return new Promise((resolve) => {
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_CHARS);
    };
    const env = { PATH: path, HOME: process.env['HOME'] ?? '/', LANG: 'C.UTF-8', ...proxies() };
    const child = spawn(file, rest, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 0,
      killSignal: 'SIGKILL',
    });
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ code: -1, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? -1, output }));
  });
}

/** How this network reaches a package index is the operator's setting, not a secret of the platform. */
function proxies(): NodeJS.ProcessEnv {
  const names = /^(https?_proxy|no_proxy|all_proxy|pip_.*|uv_.*|ssl_cert_.*|requests_ca_bundle)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name)));
}
