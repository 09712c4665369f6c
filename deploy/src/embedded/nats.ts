// nats-server as the embedded platform runs it: loopback, generated credentials, an fsync for each write.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { natsServerConfig, ROLES } from '@baton/contracts/nats';
import { PlatformError } from '@baton/errors/platform-error';
import { type Home, passwordFile, readSecret } from './home.ts';

export interface NatsSetup {
  readonly binary: string;
  readonly configFile: string;
  readonly url: string;
  readonly syncAlways: boolean;
}

/** Writes the configuration for the binary that is there; `unavailable` with what to do if there is none. */
export async function prepareNats(home: Home, binary: string): Promise<NatsSetup> {
  const version = versionOf(binary);
  const syncAlways = atLeast(version, [2, 10]);
  const port = await freePort();
  const users = ROLES.filter((role) => role !== 'operator').map((role) => ({
    role,
    user: role,
    password: readSecret(passwordFile(home.secrets, role)),
    ...(role === 'agent' ? { nodeId: home.nodeId } : {}),
  }));
  const text = natsServerConfig({ host: '127.0.0.1', port, storeDir: home.nats, users, syncAlways });
  const configFile = join(home.secrets, 'nats.conf');
  writeFileSync(configFile, text, { mode: 0o600 });
  return { binary, configFile, url: `nats://127.0.0.1:${port}`, syncAlways };
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

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
