// The nats-server binary that the embedded platform, the tests and the benchmarks start.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { toolBinary } from '../paths.mjs';
import { findOnPath, versionOf } from '../process/executables.mjs';
import { runLogged } from '../process/logged-command.mjs';
import { say } from '../process/progress.mjs';
import { SetupError } from '../setup-error.mjs';
import { isSupportedNatsServer } from '../versions.mjs';
import { debianNatsServer, hasDebianPackages, installDebianNatsServer } from './debian-nats-server.mjs';
import { findGo, installGo } from './go.mjs';
import { hasRelease, installReleasedNatsServer, releasedNatsServer, releasedVersion } from './nats-server-release.mjs';
import { stagedTool } from './staged-tool.mjs';

const version = '2.14.9';
const builtBinary = toolBinary(`nats-server-${version}`);

async function findSupported() {
  const binary = process.env.BATON_NATS_SERVER ?? findOnPath('nats-server');
  const found = binary && (await versionOf(binary));
  if (!found) return undefined;
  if (isSupportedNatsServer(found)) return { binary, version: found.join('.') };
  say(`  ... ${binary} is ${found.join('.')}: too old, looking for ${version}`);
  return undefined;
}

async function build() {
  const go = await installGo();
  const binary = await stagedTool(builtBinary, `nats-server ${version}: go install`, async (scratch) => {
    await runLogged('nats-server', go, ['install', `github.com/nats-io/nats-server/v2@v${version}`], {
      env: { GOBIN: scratch },
    });
    return join(scratch, 'nats-server');
  });
  return { binary, version };
}

async function fromDebian() {
  const binary = await installDebianNatsServer();
  const found = (await versionOf(binary))?.join('.') ?? 'unknown';
  say(
    `WARNING: Debian's nats-server ${found} acknowledges writes BEFORE they are on disk: a power cut can lose events.`,
  );
  say(`WARNING: put nats-server ${version} or newer on PATH (https://nats.io/download) for anything but a trial.`);
  return { binary, version: found };
}

async function buildOrFallBack() {
  try {
    return await build();
  } catch (cause) {
    if (!hasDebianPackages()) {
      const remedy = `put nats-server ${version} or newer on PATH (https://nats.io/download), or set BATON_NATS_SERVER to its path`;
      throw new SetupError(`no nats-server: ${cause.message}`, remedy, { cause });
    }
    say(`  ... nats-server ${version} could not be built: ${cause.message}`);
    return fromDebian();
  }
}

/** What an earlier run has brought, or undefined. */
async function findInstalled() {
  if (existsSync(releasedNatsServer)) return { binary: releasedNatsServer, version: releasedVersion };
  if (existsSync(builtBinary)) return { binary: builtBinary, version };
  return existsSync(debianNatsServer) && !(await findGo()) ? fromDebian() : undefined;
}

async function release() {
  if (!hasRelease()) return undefined;
  try {
    return { binary: await installReleasedNatsServer(), version: releasedVersion };
  } catch (cause) {
    say(`  ... no release of nats-server: ${cause.message}`);
    return undefined;
  }
}

/** Resolves to `{ binary, version }`, from PATH, the cache, the release, a build, or Debian's package, in this order. */
export async function installNatsServer() {
  return (await findSupported()) ?? (await findInstalled()) ?? (await release()) ?? buildOrFallBack();
}
