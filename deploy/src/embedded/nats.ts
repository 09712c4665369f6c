// nats-server as the embedded platform runs it: generated credentials, agents that have joined, an fsync for each write.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NatsServerConfig, natsServerConfig, type NatsUser, ROLES } from '@baton/contracts/nats';
import { PlatformError } from '@baton/errors/platform-error';
import { readAgentKeys } from './agent-keys.ts';
import { type Home, passwordFile, readSecret } from './home.ts';
import { type NatsAddress, natsAddress } from './nats-address.ts';

type Settings = Readonly<Record<string, string | undefined>>;

export interface NatsSetup {
  readonly binary: string;
  readonly configFile: string;
  readonly url: string;
  readonly publicUrl: string;
  readonly syncAlways: boolean;
  readonly healthPassword: string;
  /** Where the scheduler writes which agents have joined. */
  readonly agentKeysFile: string;
  /** Writes the configuration again; whether it has changed, so that nats-server has to be told. */
  rewrite(): boolean;
}

/** Writes the configuration for the binary that is there; `unavailable` with what to do if there is none. */
export async function prepareNats(home: Home, settings: Settings): Promise<NatsSetup> {
  const binary = settings['BATON_NATS_SERVER'] ?? 'nats-server';
  const syncAlways = atLeast(versionOf(binary), [2, 10]);
  const { url, publicUrl, ...listen } = await natsAddress(home, settings);
  const agentKeysFile = join(home.secrets, 'agents.json');
  const healthPassword = readSecret(passwordFile(home.secrets, 'health'));
  const configFile = join(home.secrets, 'nats.conf');
  const rewrite = () => {
    const users = [...roleUsers(home), ...readAgentKeys(agentKeysFile)];
    return replace(configFile, configText(home, listen, { users, syncAlways, healthPassword }));
  };
  rewrite();
  return { binary, configFile, url, publicUrl, syncAlways, healthPassword, agentKeysFile, rewrite };
}

type Listen = Pick<NatsAddress, 'host' | 'port' | 'tls'>;
type Rest = Pick<NatsServerConfig, 'users' | 'syncAlways' | 'healthPassword'>;

function configText(home: Home, { host, port, tls }: Listen, rest: Rest): string {
  return natsServerConfig({ host, port, storeDir: home.nats, ...rest, ...(tls === null ? {} : { tls }) });
}

function roleUsers(home: Home): NatsUser[] {
  return ROLES.filter((role) => role !== 'operator').map((role) => ({
    role,
    user: role,
    password: readSecret(passwordFile(home.secrets, role)),
    ...(role === 'agent' ? { nodeId: home.nodeId } : {}),
  }));
}

/** As a whole, for nats-server may be reading; false if the file says the same already. */
function replace(path: string, text: string): boolean {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return true;
}

function versionOf(binary: string): number[] {
  const run = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  const match = /v(\d+)\.(\d+)\.(\d+)/.exec(run.stdout ?? '');
  if (!match) {
    const message = `nats-server was not found (looked for "${binary}"). Start with \`npm start\`, which installs it, or set BATON_NATS_SERVER to its path.`;
    throw new PlatformError('unavailable', message, { cause: run.error });
  }
  return match.slice(1).map(Number);
}

function atLeast(version: readonly number[], wanted: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version;
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
}
