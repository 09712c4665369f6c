// Every service as a process of its own, each from its own main.js and with its own credentials, on one nats-server.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ID_PREFIX, natsAuthorization, type NatsUser } from '@baton/contracts';
import { killProcessesOf } from './folder-processes.ts';
import { freePort } from './free-port.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';

/** Their roles, and where their main.js is below the repository. */
const MAINS = {
  user: 'services/user',
  dataset: 'services/dataset',
  model: 'services/model',
  scheduler: 'services/scheduler',
  serving: 'services/serving',
  agent: 'services/executor',
  gateway: 'gateway',
} as const;
export type DistributedPart = keyof typeof MAINS;
export const DISTRIBUTED_PARTS = Object.keys(MAINS) as readonly DistributedPart[];

export interface DistributedPlatformOptions {
  /** The state of all parts; stays. */
  readonly folder: string;
  /** A MongoDB server, such as `mongodb://127.0.0.1:27017/`; each service gets a database of its own. SQLite files if absent. */
  readonly mongoUri?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface DistributedPlatform {
  readonly url: string;
  readonly servingUrl: string;
  /** Resolves when every part that has a readiness page says that it is ready. */
  start(): Promise<void>;
  /** Where the part says whether it is ready; null for the agent, which listens nowhere. */
  readinessUrl(part: DistributedPart): string | null;
  /** SIGKILL. */
  kill(part: DistributedPart): Promise<void>;
  /** Starts a part that was killed; resolves when it is ready. */
  startPart(part: DistributedPart): Promise<void>;
  pid(part: DistributedPart): number | undefined;
  /** SIGTERM to every part, then nats-server. Gives the exit codes. */
  stop(): Promise<Record<string, number | null>>;
  /** SIGKILL to whatever is left, jobs as well. */
  destroy(): Promise<void>;
  adminToken(): string;
}

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const READY_WITHIN_MS = 60_000;

export async function distributedPlatform(options: DistributedPlatformOptions): Promise<DistributedPlatform> {
  const { folder } = options;
  const installation = await install(options);
  const running = new Map<DistributedPart, ChildProcess>();
  let nats: NatsServer | null = null;

  const startPart = async (part: DistributedPart): Promise<void> => {
    if (nats === null) throw new Error('The platform was not started.');
    const child = launch(folder, part, { ...installation.environment(part), BATON_NATS_URL: nats.url });
    running.set(part, child);
    const url = installation.readinessUrl(part);
    if (url !== null) await untilReady(child, url, () => logOf(folder, part));
  };
  return {
    url: installation.url,
    servingUrl: installation.servingUrl,
    readinessUrl: (part) => installation.readinessUrl(part),
    adminToken: () => readFileSync(join(folder, 'secrets', 'admin-token'), 'utf8').trim(),
    pid: (part) => running.get(part)?.pid,
    startPart,
    async start() {
      nats = await startNatsServer({ storeDir: join(folder, 'nats'), config: installation.natsConfig });
      await Promise.all(DISTRIBUTED_PARTS.map(startPart));
    },
    kill: async (part) => void (await end(running.get(part), 'SIGKILL')),
    async stop() {
      const codes = await Promise.all(
        [...running].map(async ([part, child]) => [part, await end(child, 'SIGTERM')] as const),
      );
      await nats?.stop();
      return Object.fromEntries(codes);
    },
    async destroy() {
      await killProcessesOf(folder);
      await nats?.stop();
    },
  };
}

interface Installation {
  readonly url: string;
  readonly servingUrl: string;
  readonly natsConfig: string;
  readinessUrl(part: DistributedPart): string | null;
  environment(part: DistributedPart): Record<string, string | undefined>;
}

/** Ports, secrets and folders: written once, the same at every start. */
async function install({ folder, mongoUri, env }: DistributedPlatformOptions): Promise<Installation> {
  const at = (name: string): string => join(folder, name);
  for (const name of ['secrets', 'logs', 'read', 'blobs', 'uploads', 'keys', 'agent']) mkdirSync(at(name));
  const nodeId = `${ID_PREFIX.node}_${randomText(26)}`;
  const users = DISTRIBUTED_PARTS.map((role): NatsUser => {
    const password = randomBytes(32).toString('base64url');
    writeFileSync(at(`secrets/nats-${role}`), password, { mode: 0o600 });
    return { role, user: role, password, ...(role === 'agent' ? { nodeId } : {}) };
  });
  for (const name of ['admin-token', 'installation'])
    writeFileSync(at(`secrets/${name}`), randomBytes(32).toString('base64url'), { mode: 0o600 });
  const ports = new Map<string, number>();
  for (const name of [...DISTRIBUTED_PARTS, 'inference']) ports.set(name, await freePort());
  const url = `http://127.0.0.1:${ports.get('gateway')}`;
  const servingUrl = `http://127.0.0.1:${ports.get('inference')}`;
  const shared = {
    ...process.env,
    BATON_HOST: '127.0.0.1',
    BATON_PORT: String(ports.get('gateway')),
    BATON_SERVING_PORT: String(ports.get('inference')),
    BATON_SERVING_URL: servingUrl,
    BATON_API_URL: url,
    BATON_NATS_SYNC: 'always',
    BATON_SECRET_FILE: at('secrets/installation'),
    BATON_ADMIN_TOKEN_FILE: at('secrets/admin-token'),
    BATON_KEYS_FOLDER: at('keys'),
    BATON_BLOB_FOLDER: at('blobs'),
    BATON_UPLOAD_FOLDER: at('uploads'),
    BATON_AGENT_FOLDER: at('agent'),
    BATON_NODE_ID: nodeId,
    ...env,
  };
  return {
    url,
    servingUrl,
    natsConfig: `max_payload: 4MB\n${natsAuthorization(users)}`,
    readinessUrl: (part) => (part === 'agent' ? null : `http://127.0.0.1:${ports.get(part)}/readyz`),
    environment: (part) => ({
      ...shared,
      BATON_NATS_USER: part,
      BATON_NATS_PASSWORD_FILE: at(`secrets/nats-${part}`),
      BATON_HEALTH_PORT: part === 'gateway' ? undefined : String(ports.get(part)),
      BATON_READ_STORE: mongoUri === undefined ? `sqlite:${at('read')}` : new URL(`baton_${part}`, mongoUri).href,
    }),
  };
}

function randomText(length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}

function launch(folder: string, part: DistributedPart, env: Record<string, string | undefined>): ChildProcess {
  const log = openSync(join(folder, 'logs', `${part}.log`), 'a');
  const child = spawn(process.execPath, [join(REPOSITORY, MAINS[part], 'dist', 'main.js')], {
    env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

function logOf(folder: string, part: DistributedPart): string {
  return readFileSync(join(folder, 'logs', `${part}.log`), 'utf8').slice(-4_000);
}

async function untilReady(child: ChildProcess, url: string, log: () => string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok) return;
    if (child.exitCode !== null) throw new Error(`${url}: its process ended with code ${child.exitCode}:\n${log()}`);
    if (Date.now() > deadline) throw new Error(`${url} was not ready within ${READY_WITHIN_MS} ms:\n${log()}`);
    await sleep(50);
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<number | null> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
  return child.exitCode;
}
