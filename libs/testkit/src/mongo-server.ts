// A server that speaks MongoDB's protocol: the one configured, or one started in a temporary folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { toolsNamed } from './tools.ts';

export interface MongoServer {
  /** Without a database: each test takes a fresh name of its own. */
  readonly uri: string;
  /** Ends the server if it was started here. */
  stop(): Promise<void>;
}

interface MongoBinary {
  readonly command: string;
  readonly kind: 'mongod' | 'ferretdb';
}

const READY_WITHIN_MS = 60_000;
const RETRY_MS = 50;
const LOG_KEPT_CHARACTERS = 4_000;

/**
 * In order: the server at `MONGODB_URI`; `BATON_MONGO_COMMAND`, a `BATON_MONGO_KIND` (`mongod` or `ferretdb`), started on
 * a free port; the FerretDB that the setup built under `.tools/bin`. Null if there is none of them.
 */
export async function startMongoServer(): Promise<MongoServer | null> {
  const uri = process.env['MONGODB_URI'];
  if (uri !== undefined && uri !== '') return { uri, stop: async () => {} };
  const binary = configuredBinary() ?? builtBinary();
  return binary === null ? null : launch(binary);
}

function configuredBinary(): MongoBinary | null {
  const command = process.env['BATON_MONGO_COMMAND'];
  if (command === undefined || command === '') return null;
  return { command, kind: process.env['BATON_MONGO_KIND'] === 'ferretdb' ? 'ferretdb' : 'mongod' };
}

function builtBinary(): MongoBinary | null {
  const command = toolsNamed('ferretdb-', 'bin').at(-1);
  return command === undefined ? null : { command, kind: 'ferretdb' };
}

async function launch({ command, kind }: MongoBinary): Promise<MongoServer> {
  const folder = await temporaryFolder('baton-mongo-');
  const port = await freePort();
  const more = kind === 'mongod' ? ['--bind_ip', '127.0.0.1'] : [];
  const child = spawn(command, ['--port', String(port), '--dbpath', folder.path, ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // FerretDB would report its use over the network.
    env: { ...process.env, DO_NOT_TRACK: '1' },
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const stop = async (): Promise<void> => {
    process.off('exit', killWithUs);
    await endProcess(child);
    await folder.cleanup();
  };
  try {
    await untilReady(child, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { uri: `mongodb://127.0.0.1:${port}/`, stop };
}

async function untilReady(child: ChildProcess, port: number): Promise<void> {
  let log = '';
  let failed: string | null = null;
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-LOG_KEPT_CHARACTERS);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.once('error', (error) => (failed = `did not start: ${error.message}`));
  child.once('exit', (code) => (failed ??= `ended with code ${code}`));
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await accepts(port))) {
    if (performance.now() > deadline) failed ??= `was not ready within ${READY_WITHIN_MS} ms`;
    if (failed !== null) throw new Error(`The MongoDB server ${failed}. Its log:\n${log}`);
    await sleep(RETRY_MS);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (outcome: boolean): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
