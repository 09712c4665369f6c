// Starts a real nats-server with JetStream on local disk, fsync on every write.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { natsServerBinary } from './nats-binary.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface NatsServerOptions {
  /** Where streams are stored; a temporary folder, removed by `stop`, if absent. */
  readonly storeDir?: string;
  readonly port?: number;
  /** Configuration text that follows the port and the JetStream block: users, permissions, limits, cluster. */
  readonly config?: string;
  /** How often it syncs what it stores; after every write, `always`, if absent. */
  readonly sync?: string;
}

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly storeDir: string;
  /** Ends the server in order and removes what it made. */
  stop(): Promise<void>;
  /** SIGKILL, as after a crash; the store stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port and store; a running one is ended first. */
  restart(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const LOG_KEPT_CHARACTERS = 4_000;

export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const binary = natsServerBinary();
  const folder = await temporaryFolder('baton-nats-');
  const storeDir = options.storeDir ?? join(folder.path, 'store');
  const port = options.port ?? (await freePort());
  const configFile = join(folder.path, 'nats.conf');
  await writeFile(configFile, configText(port, storeDir, options));
  let child = await launch(binary, configFile);
  const end = (signal: NodeJS.Signals): Promise<void> => endProcess(child, signal);
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDir,
    get pid() {
      return child.pid ?? 0;
    },
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGTERM');
      await folder.cleanup();
    },
    async restart() {
      await end('SIGTERM');
      child = await launch(binary, configFile);
    },
  };
}

function configText(port: number, storeDir: string, { config = '', sync = 'always' }: NatsServerOptions): string {
  const store = `store_dir: ${JSON.stringify(storeDir)}, sync_interval: ${sync}`;
  return `listen: "127.0.0.1:${port}"\njetstream { ${store} }\n${config}\n`;
}

/** Resolves when the server says that it is ready, which is after JetStream has recovered its streams. */
async function launch(binary: string, configFile: string): Promise<ChildProcess> {
  const child = spawn(binary, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  killWithUs(child);
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`nats-server ${why}. Its log:\n${log}`));
    };
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('exit', (code) => fail(`ended with code ${code}`));
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-LOG_KEPT_CHARACTERS);
      if (!log.includes('Server is ready')) return;
      clearTimeout(timer);
      resolve();
    });
  }).catch(async (error: unknown) => {
    await endProcess(child, 'SIGKILL');
    throw error;
  });
  return child;
}

/**
 * A test run that is itself killed runs no handlers and would leave the server behind. A shell that waits for the end of a pipe
 * from us sees it, however we end.
 */
function killWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const watcher = spawn('/bin/sh', ['-c', `cat >/dev/null; kill -9 ${child.pid} 2>/dev/null`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  child.once('exit', () => watcher.kill('SIGKILL'));
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  // One that a test has frozen hears of it as well.
  child.kill('SIGCONT');
  await ended;
}
