// The embedded platform's processes and their order: nats-server first and last, jobs never touched unless asked.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PlatformError } from '@baton/errors/platform-error';
import { watchAgentKeys } from './agent-keys.ts';
import { Child } from './child.ts';
import { type Home, passwordFile, restoredAt } from './home.ts';
import { lastWords } from './last-words.ts';
import { type NatsSetup, prepareNats } from './nats.ts';
import { isLoopback, isWildcard, refuseOpenBind, refuseTakenPort } from './open-bind.ts';
import { watchStorage } from './storage-watch.ts';

type Settings = Readonly<Record<string, string | undefined>>;

export interface EmbeddedPlatform {
  readonly gatewayUrl: string;
  readonly servingUrl: string;
  /** Resolves when the gateway answers that it is ready. */
  ready(): Promise<void>;
  /** As the agent last wrote it down. */
  runningJobs(): number;
  stopServices(): Promise<void>;
  /** Tells the agent to stop the jobs, too. */
  stopJobs(): void;
  /** Waits, but no longer than until the jobs are stopped. */
  secondChance(timeoutMs: number): Promise<void>;
  stopRest(jobsToo: boolean): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const STOP_GRACE_MS = 8_000;
const JOB_STOP_GRACE_MS = 30_000;
/** Megabytes for new objects: half the default, which keeps tens of megabytes more resident after a start. */
const SMALL_NURSERY = '--max-semi-space-size=8';
/** Go's collector at half its usual slack. */
const SMALL_HEAP = { GOGC: '50' };

export async function startEmbedded(
  home: Home,
  settings: Settings,
  say: (text: string) => void,
): Promise<EmbeddedPlatform> {
  refuseForeignNats(settings);
  const addresses = await freeAddresses(settings);
  const nats = await prepareNats(home, settings);
  if (!nats.syncAlways) {
    say('WARNING: this nats-server acknowledges before the disk has it: a power cut may lose the last seconds.');
  }
  const parts = createParts(home, nats, childEnvironment(home, settings, addresses, nats), say);
  for (const part of [parts.natsServer, parts.control, parts.serving, parts.agent]) part.start();
  const restartNats = () => parts.natsServer.signal('SIGKILL');
  const stopStorageWatch = watchStorage({ folder: home.nats, nats, restartNats, say });
  const stopKeysWatch = watchAgentKeys(nats.agentKeysFile, () => {
    // nats-server takes the new users in, and lets go of those that are gone; all others notice nothing.
    if (nats.rewrite()) parts.natsServer.signal('SIGHUP');
  });
  const stopWatching = () => {
    stopStorageWatch();
    stopKeysWatch();
  };
  return handleOf(home, addresses, parts, stopWatching);
}

/** Its credentials and subjects would not be there. */
function refuseForeignNats(settings: Settings): void {
  if (!settings['BATON_NATS_URL']) return;
  const message =
    'The embedded platform runs a nats-server of its own. Unset BATON_NATS_URL, or start each service alone as docs/running.md says.';
  throw new PlatformError('conflict', message);
}

interface Addresses {
  readonly host: string;
  readonly port: string;
  readonly servingPort: string;
  readonly gatewayUrl: string;
  readonly servingUrl: string;
}

/** Where it listens, and where it is reached; refused if others could listen in, or if the ports are taken. */
async function freeAddresses(settings: Settings): Promise<Addresses> {
  const host = settings['BATON_HOST'] ?? '127.0.0.1';
  const port = settings['BATON_PORT'] ?? '8080';
  const servingPort = settings['BATON_SERVING_PORT'] ?? '8081';
  refuseOpenBind({ setting: 'BATON_HOST', host, advice: 'Put a proxy with TLS in front of 127.0.0.1' }, settings);
  await refuseTakenPort(host, Number(port), 'BATON_PORT');
  await refuseTakenPort(host, Number(servingPort), 'BATON_SERVING_PORT');
  const reached = isWildcard(host) ? '127.0.0.1' : host;
  return {
    host,
    port,
    servingPort,
    gatewayUrl: settings['BATON_API_URL'] ?? `http://${reached}:${port}`,
    servingUrl: settings['BATON_SERVING_URL'] ?? `http://${reached}:${servingPort}`,
  };
}

function childEnvironment(home: Home, settings: Settings, addresses: Addresses, nats: NatsSetup): Settings {
  return {
    ...settings,
    BATON_HOST: addresses.host,
    BATON_PORT: addresses.port,
    BATON_SERVING_HOST: addresses.host,
    BATON_SERVING_PORT: addresses.servingPort,
    BATON_SERVING_URL: addresses.servingUrl,
    BATON_API_URL: addresses.gatewayUrl,
    BATON_NATS_URL: nats.url,
    BATON_NATS_PUBLIC_URL: nats.publicUrl,
    BATON_AGENT_KEYS_FILE: nats.agentKeysFile,
    BATON_NATS_SYNC: nats.syncAlways ? 'always' : 'interval',
    BATON_NATS_STORE: home.nats,
    BATON_SECRETS_FOLDER: home.secrets,
    BATON_SECRET_FILE: home.secretFile,
    BATON_ADMIN_TOKEN_FILE: home.adminTokenFile,
    BATON_KEYS_FOLDER: home.keys,
    BATON_SEAL_KEY_FILE: join(home.secrets, 'seal-key'),
    BATON_HEADS_FILE: join(home.seals, 'heads.ndjson'),
    BATON_READ_STORE: settings['BATON_READ_STORE'] ?? `sqlite:${home.read}`,
    BATON_SNAPSHOT_FOLDER: home.read,
    BATON_BLOB_FOLDER: home.blobs,
    BATON_UPLOAD_FOLDER: home.uploads,
    BATON_AGENT_FOLDER: home.agent,
    BATON_NODE_ID: home.nodeId,
    BATON_NODE_ADDRESS: settings['BATON_NODE_ADDRESS'] ?? ownAddress(nats.publicUrl),
    BATON_INSTANCE: 'embedded',
    BATON_RESTORED_AT: String(restoredAt(home)),
    NODE_COMPILE_CACHE: home.cache,
  };
}

/** Where agents on other servers find nats-server, they find this machine's own jobs too; undefined if none can come. */
function ownAddress(publicUrl: string): string | undefined {
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  return isLoopback(host) || isWildcard(host) ? undefined : host;
}

interface Parts {
  readonly natsServer: Child;
  readonly control: Child;
  readonly serving: Child;
  readonly agent: Child;
}

function createParts(home: Home, nats: NatsSetup, environment: Settings, say: (text: string) => void): Parts {
  const onDeath = (who: string, how: string, pauseMs: number): void => {
    const file = join(home.logs, `${who}.log`);
    const words = lastWords(file);
    say(`${who} ${how}; started again in ${pauseMs} ms (see ${file}).${words === null ? '' : `\n  ${words}`}`);
  };
  const child = (name: string, command: string, args: readonly string[], extra: Settings = {}) =>
    new Child({
      name,
      command,
      args,
      env: { ...environment, ...extra },
      runFolder: home.run,
      logFolder: home.logs,
      onDeath,
    });
  const asRole = (role: 'agent' | 'serving') => ({
    BATON_NATS_USER: role,
    BATON_NATS_PASSWORD_FILE: passwordFile(home.secrets, role),
  });
  const node = (name: string, main: string, extra: Settings = {}) =>
    child(name, process.execPath, [SMALL_NURSERY, main], extra);
  return {
    natsServer: child('nats-server', nats.binary, ['-c', nats.configFile], SMALL_HEAP),
    control: node('control', bundled('control')),
    serving: node('serving', bundled('serving'), asRole('serving')),
    agent: node('agent', bundled('agent'), asRole('agent')),
  };
}

function handleOf(
  home: Home,
  { gatewayUrl, servingUrl }: Addresses,
  parts: Parts,
  stopWatching: () => void,
): EmbeddedPlatform {
  const jobsStopped = Promise.withResolvers<void>();
  return {
    gatewayUrl,
    servingUrl,
    ready: () => waitUntilReady(gatewayUrl, home, parts.control),
    runningJobs: () => runningJobs(home),
    stopServices: async () => {
      stopWatching();
      await Promise.all([parts.control.stop(STOP_GRACE_MS), parts.serving.stop(STOP_GRACE_MS)]);
    },
    stopJobs: () => jobsStopped.resolve(),
    secondChance: (timeoutMs) => Promise.race([sleep(timeoutMs), jobsStopped.promise]),
    stopRest: async (jobsToo) => {
      // SIGUSR2 tells the agent to stop its jobs before it stops itself.
      await (jobsToo ? parts.agent.stop(JOB_STOP_GRACE_MS, 'SIGUSR2') : parts.agent.stop(STOP_GRACE_MS));
      await parts.natsServer.stop(STOP_GRACE_MS);
    },
  };
}

/** Made by workspace/bundle.mjs; this module lies in the same bundle. */
function bundled(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}

function runningJobs(home: Home): number {
  const path = join(home.agent, 'running');
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) || 0 : 0;
}

/** What makes its read models anew from a long log takes as long as it takes; what keeps dying is given up. */
async function waitUntilReady(gatewayUrl: string, home: Home, control: Child): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const response = await fetch(`${gatewayUrl}/readyz`).catch(() => null);
    if (response?.ok) return;
    if (performance.now() - startedAt > READY_WITHIN_MS && control.livedMs < READY_WITHIN_MS / 2) {
      throw new PlatformError(
        'unavailable',
        `The platform did not become ready within 60 s. The logs are in ${home.logs}.`,
      );
    }
    await sleep(50);
  }
}
