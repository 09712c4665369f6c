// Starts processes in sessions of their own through a small shell that lives as long as the agent. Forking the agent itself copies the
// tables of all its memory: milliseconds in which it can hand nothing on.
import { type ChildProcess, spawn } from 'node:child_process';
import { runTool } from '../python/run-tool.ts';
import { findOnPath } from './find-command.ts';
import { isShellName } from './shell-name.ts';

/** Far below what a pipe and an exec take. */
const MAX_BYTES = 65_536;
/** A shell without job control has what it starts in the background ignore two signals, and nothing but this gives them back. */
const SIGNALS = '--default-signal=INT,QUIT';

export interface LaunchCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export class Launcher {
  /** By their paths, as a job's own PATH is set by then; null where the tools for it are missing (old coreutils, or others). */
  readonly #session: Promise<readonly string[] | null>;
  readonly #onShell: (pid: number) => void;
  #shell: ChildProcess | null = null;
  #waiting: ((pid: number | null) => void)[] = [];

  /** `path`: where its tools are looked for. `onShell` is told of each shell that it uses. */
  constructor(path: string, onShell: (pid: number) => void) {
    this.#session = toolsOn(path);
    this.#onShell = onShell;
  }

  /** Whether it can be done here, and said in a line of shell. */
  async takes({ argv, env }: LaunchCommand): Promise<boolean> {
    const words = [...argv, ...Object.entries(env).flat()];
    const bytes = words.reduce((sum, word) => sum + Buffer.byteLength(word), 0);
    const canBeSaid = bytes < MAX_BYTES && Object.keys(env).every(isShellName);
    return canBeSaid && (await this.#session) !== null;
  }

  /** Gives the number of the process. Null if the shell was killed: whether it started anything can't be known. */
  async launch({ argv, cwd, env }: LaunchCommand): Promise<number | null> {
    const session = (await this.#session) ?? [];
    const variables = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
    const exported = variables.length === 0 ? '' : `export ${variables.join(' ')}; `;
    const command = [...session, `--chdir=${cwd}`, ...argv].map(quoted).join(' ');
    // `jobs` has the shell forget those that have ended.
    const line = `(${exported}exec ${command}) </dev/null >/dev/null 2>&1 & echo $!; jobs >/dev/null\n`;
    const { stdin } = (this.#shell ??= this.#start());
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      stdin?.write(line);
    });
  }

  #start(): ChildProcess {
    const shell = spawn('/bin/sh', [], { env: {}, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    let unfinished = '';
    shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${unfinished}${text}`.split('\n');
      unfinished = lines.pop() ?? '';
      for (const line of lines) this.#waiting.shift()?.(Number(line));
    });
    const gone = (): void => {
      if (this.#shell !== shell) return;
      this.#shell = null;
      for (const resolve of this.#waiting.splice(0)) resolve(null);
    };
    shell.once('error', gone).once('close', gone);
    shell.stdin.on('error', gone);
    // It ends with the agent: nobody is left to write to it.
    shell.unref();
    for (const pipe of [shell.stdin, shell.stdout]) (pipe as { unref?: () => void }).unref?.();
    if (shell.pid !== undefined) this.#onShell(shell.pid);
    return shell;
  }
}

async function toolsOn(path: string): Promise<readonly string[] | null> {
  const [setsid, env] = await Promise.all(['setsid', 'env'].map((tool) => findOnPath(tool, path)));
  if (!setsid || !env) return null;
  const session = [setsid, env, SIGNALS];
  const { code } = await runTool([...session, '--chdir=/', 'true'], path);
  return code === 0 ? session : null;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
