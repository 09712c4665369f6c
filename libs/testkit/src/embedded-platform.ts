// The embedded platform as a user starts it: the real launcher in a process of its own, killed and started as told.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { removeControlGroups } from './control-groups.ts';
import { isAlive, killNow, killProcessesOf } from './folder-processes.ts';
import { natsServerBinary } from './nats-binary.ts';

export interface EmbeddedPlatformOptions {
  /** The state folder. */
  readonly home: string;
  readonly port: number;
  readonly servingPort: number;
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of another release's bundle. */
  readonly release?: string;
  /** Words before the launcher's own; they end in an `exec`. */
  readonly prefix?: readonly string[];
}

export interface EmbeddedPlatform {
  readonly home: string;
  readonly url: string;
  readonly servingUrl: string;
  /** The launcher's. */
  readonly pid: number | undefined;
  /** What the launcher has printed since the last start. */
  readonly output: string;
  /** Resolves when the launcher says that all is ready; rejects with its words if it gives up. `args` as after `npm start --`. */
  start(args?: readonly string[]): Promise<void>;
  /** From the next start on it is another release, as after an update; the present one if none is named. */
  install(release?: string): void;
  /** Pids of the parts that run now, by name: nats-server, control, serving, agent. */
  parts(): Record<string, number>;
  /** SIGKILL to one part; the launcher starts it again. */
  killPart(name: string): void;
  /** SIGKILL to the launcher and every part. Gives how many there were. Jobs are none of them. */
  killAll(): Promise<number>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** To the launcher alone. */
  signal(name: NodeJS.Signals): void;
  /** Resolves with the launcher's exit code. */
  exited(): Promise<number | null>;
  /** SIGKILL to everything that has to do with the state folder, jobs as well. */
  destroy(): Promise<void>;
  /** Lets it live on without this process. */
  release(): void;
  /** The one-time token of the first sign-up. */
  adminToken(): string;
}

export const RELEASE = fileURLToPath(new URL('../../../deploy/dist/bundle', import.meta.url));

export function embeddedPlatform(options: EmbeddedPlatformOptions): EmbeddedPlatform {
  const { home, port, servingPort, prefix = [] } = options;
  const env = environmentOf(options);
  let child: ChildProcess | null = null;
  let output = '';
  let release = options.release ?? RELEASE;
  // A test or a benchmark that fails, or is interrupted, leaves no platform behind.
  const stopWithUs = (): void => void child?.kill('SIGTERM');
  const parts = () => partPids(join(home, 'run'));
  return {
    home,
    url: `http://127.0.0.1:${port}`,
    servingUrl: `http://127.0.0.1:${servingPort}`,
    get pid() {
      return child?.pid;
    },
    get output() {
      return output;
    },
    parts,
    async start(args = []) {
      output = '';
      process.on('exit', stopWithUs);
      const [command = '', ...words] = [...prefix, process.execPath, join(release, 'launcher.js'), ...args];
      child = spawn(command, words, {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      child.once('exit', () => process.off('exit', stopWithUs));
      await ready(child, (text) => (output += text));
    },
    install: (other = RELEASE) => void (release = other),
    killPart(name) {
      const pid = parts()[name];
      if (pid === undefined) throw new Error(`${name} does not run`);
      process.kill(pid, 'SIGKILL');
    },
    killAll: () => killAll([...(child?.pid === undefined ? [] : [child.pid]), ...Object.values(parts())]),
    async stop() {
      child?.kill('SIGTERM');
      return exitCodeOf(child);
    },
    signal: (name) => void child?.kill(name),
    exited: () => exitCodeOf(child),
    async destroy() {
      child?.kill('SIGKILL');
      await killProcessesOf(home);
      const nodeId = join(home, 'agent', 'node-id');
      if (existsSync(nodeId)) removeControlGroups(readFileSync(nodeId, 'utf8').trim());
    },
    release() {
      process.off('exit', stopWithUs);
      child?.stdout?.destroy();
      child?.stderr?.destroy();
      child?.unref();
    },
    adminToken: () => readFileSync(join(home, 'secrets', 'admin-token'), 'utf8').trim(),
  };
}

async function killAll(pids: readonly number[]): Promise<number> {
  for (const pid of pids) killNow(pid);
  while (pids.some(isAlive)) await sleep(10);
  return pids.length;
}

async function exitCodeOf(child: ChildProcess | null): Promise<number | null> {
  if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child?.exitCode ?? null;
}

function environmentOf({ home, port, servingPort, env }: EmbeddedPlatformOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    BATON_NATS_SERVER: natsServerBinary(),
    BATON_HOME: home,
    BATON_PORT: String(port),
    BATON_SERVING_PORT: String(servingPort),
    ...env,
  };
}

function ready(child: ChildProcess, hear: (text: string) => string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const onData = (chunk: Buffer): void => {
      said = hear(chunk.toString());
      if (said.includes('Baton is ready')) resolve();
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('exit', (code) => reject(new Error(`The platform ended with code ${code}:\n${said}`)));
  });
}

function partPids(runFolder: string): Record<string, number> {
  const files = existsSync(runFolder) ? readdirSync(runFolder).filter((file) => file.endsWith('.pid')) : [];
  const entries = files.flatMap((file) => {
    const pid = pidIn(join(runFolder, file));
    return pid !== null && isAlive(pid) ? [[file.slice(0, -'.pid'.length), pid] as const] : [];
  });
  return Object.fromEntries(entries);
}

function pidIn(path: string): number | null {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid;
  } catch {
    return null; // Just being replaced.
  }
}
