// A nats-server for one command alone: on a folder of its own, on loopback, with a password that nobody else has.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlatformError } from '@baton/errors';
import { connect, type NatsConnection } from '@nats-io/transport-node';

const USER = 'admin';
const READY_WITHIN_MS = 120_000;
const LOG_KEPT_CHARACTERS = 4_000;

export interface PrivateServer {
  readonly connection: NatsConnection;
  /** For whoever connects by itself. */
  readonly address: {
    readonly url: string;
    readonly credentials: { readonly user: string; readonly password: string };
  };
  /** Ends in order: what it was told is in the folder then. */
  close(): Promise<void>;
}

export async function startPrivateServer(binary: string, storeDir: string): Promise<PrivateServer> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-nats-'));
  const password = randomBytes(24).toString('base64url');
  const config = join(folder, 'nats.conf');
  const lines = [
    'listen: "127.0.0.1:-1"',
    'max_payload: 4MB',
    `jetstream { store_dir: ${JSON.stringify(storeDir)}, max_file_store: ${2 ** 50} }`,
    `authorization { user: ${USER}, password: ${JSON.stringify(password)} }`,
  ];
  await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  const child = spawn(binary, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  // A command that is interrupted leaves no server behind.
  const killIt = (): void => void child.kill('SIGKILL');
  process.once('exit', killIt);
  const end = async (): Promise<void> => {
    process.off('exit', killIt);
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const port = await readyOn(child, binary);
    const address = { url: `nats://127.0.0.1:${port}`, credentials: { user: USER, password } };
    const connection = await connect({ servers: address.url, user: USER, pass: password, noAsyncTraces: true });
    return {
      connection,
      address,
      close: async () => {
        await connection.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The port, once the streams are recovered. */
function readyOn(child: ChildProcess, binary: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(
        new PlatformError('unavailable', `nats-server (${binary}) ${why}. Set BATON_NATS_SERVER to its path. ${log}`),
      );
    };
    const timer = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code) => fail(`ended with code ${code}`));
    let port = 0;
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-LOG_KEPT_CHARACTERS);
      port ||= Number(/Listening for client connections on [^\s]*:(\d+)/.exec(log)?.[1] ?? 0);
      if (!log.includes('Server is ready') || port === 0) return;
      clearTimeout(timer);
      resolve(port);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
